"""The scoreboard as plain text for a terminal: the program beside its baselines, every slice, the gates last."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.evaluation import Evaluation
from bot.figures import NOTHING, Figure
from bot.gates import Verdict
from bot.question_set import ALL
from bot.render import printable
from bot.scores import MEASURES, OWN_GRADE, Measure, Scores
from bot.testbed import Findings

MISSING = "–"
PROGRAM = "this program"

# The columns of the table of slices; what they leave out stands in the first table and in the report.
SLICE_COLUMNS = (
    *("correct", "answered", "right_passage_first", "evidence_recall", "precision"),
    *("abstention_recall", "abstention_precision", "auroc", "sentences", "milliseconds"),
)


def scoreboard(evaluation: Evaluation) -> str:
    """Everything that was measured, as lines of plain text."""
    questions = evaluation.plan.questions
    dev = evaluation.plan.fitted_on.path.name
    blocks = [
        f"{questions.path.name}: {len(evaluation.results)} questions, sha256 {questions.sha256[:12]}",
        table(_systems(evaluation)),
        f"In brackets: 95 % intervals. Baselines' thresholds let 95 % of the answerable questions of {dev} pass.",
        table(_slices(evaluation.scores)),
        _grades(evaluation.scores),
    ]
    blocks += ["\n".join(evaluation.model.lines())] if evaluation.model else []
    if evaluation.not_in_sources:
        blocks.append(f"Evidence that no source holds: {', '.join(evaluation.not_in_sources)}. It counts as not found.")
    if evaluation.testbed:
        blocks.append(table(_testbed(evaluation.testbed)))
    blocks += ["\n".join(gate_line(verdict) for verdict in evaluation.verdicts)] if evaluation.verdicts else []
    return printable("\n\n".join(blocks))


def shown(figure: Figure, measure: Measure, *, interval: bool = False) -> str:
    """A figure for a person: shares in per cent, and the ends of its interval where asked for."""
    if figure.value is None:
        return MISSING
    factor, decimals = (100, measure.decimals) if measure.share else (1, measure.decimals)
    value = f"{figure.value * factor:.{decimals}f}"
    if not interval or figure.low is None or figure.high is None:
        return value
    return f"{value} ({figure.low * factor:.{decimals}f} to {figure.high * factor:.{decimals}f})"


def _systems(evaluation: Evaluation) -> Iterator[Sequence[str]]:
    yield ["all questions", PROGRAM, *evaluation.other_scores]
    for name, measure in MEASURES.items():
        own = shown(evaluation.scores[ALL][name], measure, interval=True)
        others = [scores[ALL][name] for scores in evaluation.other_scores.values()]
        unit = " %" if measure.share else ""
        yield [f"{name.replace('_', ' ')}{unit}", own, *(shown(figure, measure) for figure in others)]


def _slices(scores: Scores) -> Iterator[Sequence[str]]:
    yield ["slice", "n", *(MEASURES[name].heading for name in SLICE_COLUMNS)]
    for slice, figures in scores.items():
        yield [slice, str(figures["correct"].n), *(shown(figures[name], MEASURES[name]) for name in SLICE_COLUMNS)]


def _grades(scores: Scores) -> str:
    own, quoted = scores[ALL].get(OWN_GRADE, NOTHING), scores[ALL]["reading_grade_quoted"]
    measure = MEASURES["reading_grade_quoted"]
    return f"Reading grade: {shown(own, measure)} of the program's own words, {shown(quoted, measure)} of what it quotes."


def _testbed(findings: Mapping[str, Findings]) -> Iterator[Sequence[str]]:
    share, score = MEASURES["correct"], MEASURES["auroc"]
    names = list(next(iter(findings.values())).figures)
    yield ["test-bed", *names]
    for encoder, found in findings.items():
        yield [encoder, *(shown(found.figures[name], score if name == "auroc" else share, interval=True) for name in names)]


def gate_line(verdict: Verdict) -> str:
    """A gate with its figure and whether it holds."""
    gate, value = verdict.gate, verdict.figure.value
    figure = "nothing to measure" if value is None else f"{value:.4g}"
    return f"{'holds' if verdict.holds else 'FAILS'}  {gate.slice}, {gate.measure}: {figure}, wanted {gate.bounds}"


def table(rows: Iterable[Sequence[str]]) -> str:
    """Columns as wide as their longest cell; the first flush left, figures flush right."""
    cells = list(rows)
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return "\n".join(_row(row, widths) for row in cells)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    figures = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
    return "  ".join((cells[0].ljust(widths[0]), *figures))
