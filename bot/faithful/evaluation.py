"""How good the check is: `python -m bot.faithful.evaluation [PAIRS.jsonl …]`, beside two simpler ones, with gates.

Without a file: the project's own test pairs, which nothing was fitted on. Exit status 0 when every gate holds, else 5.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from bot.console import fail
from bot.faithful.check import broken
from bot.faithful.judge import FITTED, Judge
from bot.faithful.labelled import SHIPPED, LabelledPair, PairSet, read_pair_set
from bot.figures import BETWEEN, NOTHING, RESAMPLES, SEED, Figure, auroc, rate
from bot.gates import Gate, Verdict, gates_path, hold, read_gate_file
from bot.question_set import ALL
from ingest.errors import CancerBotError, SourceError
from ingest.words import stems

THIS, RULES, OVERLAP = "this check", "rules only", "word overlap"

MEASURES = ("false_dropped", "faithful_kept", "balanced_accuracy", "auroc")

Pairs = Sequence[LabelledPair]
Scores = Mapping[str, Mapping[str, Figure]]


@dataclass(frozen=True)
class Way:
    """A way to check: a score for each pair, from 0, and the lowest with which a sentence is shown."""

    name: str
    scores: Callable[[Pairs], list[float]]
    threshold: float

    def measured(self, pairs: Pairs) -> Scores:
        """The figures over all pairs and over each kind."""
        scores = self.scores(pairs)
        slices = (ALL, *dict.fromkeys(pair.kind for pair in pairs))
        return {
            one: self._figures([(p, s) for p, s in zip(pairs, scores, strict=True) if one in (ALL, p.kind)]) for one in slices
        }

    def _figures(self, scored: Sequence[tuple[LabelledPair, float]]) -> dict[str, Figure]:
        faithful = [score for pair, score in scored if pair.holds]
        false = [score for pair, score in scored if not pair.holds]
        dropped, kept = rate([s < self.threshold for s in false]), rate([s >= self.threshold for s in faithful])
        return dict(zip(MEASURES, (dropped, kept, _balanced(dropped, kept), auroc(faithful, false)), strict=True))


@dataclass(frozen=True)
class PairEvaluation:
    """What was measured on a file: for each way its figures, this check's first, and its gates with theirs."""

    pairs: PairSet
    ways: tuple[Way, ...]
    scores: Mapping[str, Scores]
    verdicts: tuple[Verdict, ...]

    @property
    def holds(self) -> bool:
        """Whether every gate holds."""
        return all(verdict.holds for verdict in self.verdicts)


def evaluate(path: Path, ways: Sequence[Way]) -> PairEvaluation:
    """Score a file of pairs in each way. Raises `SourceError` on anything malformed, before anything is scored."""
    read = read_pair_set(path)
    gates: tuple[Gate, ...] = read_gate_file(gates_path(path), (ALL, *read.kinds), lambda _: MEASURES)
    scores = {way.name: way.measured(read.pairs) for way in ways}
    return PairEvaluation(read, tuple(ways), scores, hold(gates, scores[THIS]))


def ways(judge: Judge) -> tuple[Way, ...]:
    """The check, its rules without the judge, and the share of the sentence's content words that the cited text has.

    That share's threshold is the one with the best balanced accuracy on the pairs on which the judge's was set. Let pass as few
    of the false ones as the judge, it would keep nothing.
    """
    held = [pair for pair in read_pair_set(SHIPPED).pairs if pair.held]
    threshold = _best([(pair.holds, score) for pair, score in zip(held, _overlaps(held), strict=True)])
    return (
        Way(THIS, partial(_judged, judge), judge.threshold),
        Way(RULES, _ruled, 1.0),
        Way(OVERLAP, _overlaps, threshold),
    )


def _judged(judge: Judge, pairs: Pairs) -> list[float]:
    """The judge's score; 0 where a rule is broken."""
    open_pairs = [pair for pair in pairs if not broken(pair.cited, pair.written)]
    scores = iter(judge.scores([(pair.cited, pair.written) for pair in open_pairs]))
    return [0.0 if broken(pair.cited, pair.written) else next(scores) for pair in pairs]


def _ruled(pairs: Pairs) -> list[float]:
    return [float(not broken(pair.cited, pair.written)) for pair in pairs]


def _overlaps(pairs: Pairs) -> list[float]:
    return [_overlap(pair) for pair in pairs]


def _overlap(pair: LabelledPair) -> float:
    own = set(stems(pair.written))
    return len(own & set(stems(pair.cited))) / len(own) if own else 0.0


def _best(scored: Sequence[tuple[bool, float]]) -> float:
    """The threshold with the highest mean of the share of false pairs below it and that of faithful ones from it on."""
    faithful, false = ([score for holds, score in scored if holds is side] for side in (True, False))

    def balanced(threshold: float) -> float:
        kept, dropped = sum(s >= threshold for s in faithful), sum(s < threshold for s in false)
        return kept / len(faithful) + dropped / len(false)

    return max(sorted({score for _, score in scored}), key=balanced)


def _balanced(dropped: Figure, kept: Figure) -> Figure:
    """The mean of both shares, 0 to 1, with a bootstrap percentile interval for which both sides are resampled by themselves."""
    if dropped.value is None or kept.value is None:
        return NOTHING
    generator = np.random.default_rng(SEED)
    drawn = [generator.binomial(side.n, side.value, RESAMPLES) / side.n for side in (dropped, kept) if side.value is not None]
    low, high = np.percentile((drawn[0] + drawn[1]) / 2, BETWEEN)
    return Figure((dropped.value + kept.value) / 2, float(low), float(high), dropped.n + kept.n)


def board(done: PairEvaluation) -> str:
    """The figures as lines of plain text, the gates last."""
    from bot.scoreboard import gate_line, table

    drawn = "" if len(done.pairs.pairs) == done.pairs.of else f", drawn from {done.pairs.of}"
    head = ["all pairs", *MEASURES]
    rows = [[name.replace("_", " ") for name in head]]
    rows += [[way.name, *(_shown(done.scores[way.name][ALL][name]) for name in MEASURES)] for way in done.ways]
    kinds = [["kind", "n", "false dropped", "faithful kept", *(f"by {way.name}" for way in done.ways[1:])]]
    for kind in done.pairs.kinds:
        figures = done.scores[THIS][kind]
        others = (_either(done.scores[way.name][kind]) for way in done.ways[1:])
        n = str(figures["false_dropped"].n + figures["faithful_kept"].n)
        kinds.append([kind, n, _shown(figures["false_dropped"]), _shown(figures["faithful_kept"]), *others])
    blocks = [f"{done.pairs.path.name}: {len(done.pairs.pairs)} pairs{drawn}", table(rows), table(kinds)]
    blocks += ["\n".join(gate_line(verdict) for verdict in done.verdicts)] if done.verdicts else []
    return "\n\n".join(blocks)


def _either(figures: Mapping[str, Figure]) -> str:
    """The share that a way is right on, in a kind that is all false or all faithful."""
    shown = [_shown(figures[name]) for name in MEASURES[:2] if figures[name].n]
    return " / ".join(shown)


def _shown(figure: Figure) -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return "–"
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def default_pairs() -> Path:
    """The project's own test pairs. Raises `SourceError` where this installation carries none, as a wheel does."""
    path = Path(__file__).resolve().parents[2] / "tests" / "questions" / "pairs-test.jsonl"
    if not path.is_file():
        raise SourceError("This installation carries no pairs: name a file, python -m bot.faithful.evaluation PAIRS.jsonl.")
    return path


def main(arguments: Sequence[str] = tuple(sys.argv[1:])) -> int:
    """Score the files that are named. Returns the exit status."""
    from bot.privacy import keep_to_this_machine
    from ingest.weights import find_weights

    keep_to_this_machine()
    try:
        paths = [Path(argument) for argument in arguments] or [default_pairs()]
        for path in paths:
            read_pair_set(path)
        by = ways(Judge.from_folder(FITTED, find_weights().location))
        done = [evaluate(path, by) for path in paths]
    except CancerBotError as error:
        fail(str(error))
    sys.stdout.write("\n\n\n".join(board(one) for one in done) + "\n")
    return 0 if all(one.holds for one in done) else 5


if __name__ == "__main__":
    raise SystemExit(main())
