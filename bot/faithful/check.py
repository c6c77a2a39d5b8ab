"""The check of a written sentence against what it cites: hard rules first, then a small cross-encoder that has learnt it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.faithful.reading import read

if TYPE_CHECKING:
    from bot.faithful.judge import Judge


class Scorer(Protocol):
    """Says how probable it is, 0 to 1, that each sentence is carried by its cited text."""

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """`pairs`: (cited text, written sentence)."""
        ...


@dataclass(frozen=True)
class Verdict:
    """Whether a written sentence may be shown; `why` names what it failed."""

    holds: bool
    why: str = ""


class Checker:
    """Rules that nothing outweighs, and a scorer with the lowest score that passes."""

    def __init__(self, scorer: Scorer, threshold: float) -> None:
        """`threshold`: 0 to 1."""
        self._scorer = scorer
        self._threshold = threshold

    @classmethod
    def from_judge(cls, judge: "Judge") -> "Checker":
        """With the fitted judge and its own threshold."""
        return cls(judge, judge.threshold)

    def verdicts(self, pairs: Sequence[tuple[str, str]]) -> list[Verdict]:
        """For each (cited text, written sentence) whether it holds."""
        ruled = [broken(cited, written) for cited, written in pairs]
        open_pairs = [pair for pair, why in zip(pairs, ruled, strict=True) if not why]
        scores = iter(self._scorer.scores(open_pairs) if open_pairs else [])
        return [Verdict(False, why) if why else self._scored(next(scores)) for why in ruled]

    def _scored(self, score: float) -> Verdict:
        return Verdict(True) if score >= self._threshold else Verdict(False, "meaning")


def broken(cited: str, written: str) -> str:
    """The rule that a written sentence breaks; empty where it breaks none.

    Numbers that the cited text does not have, hedges that are gone altogether, words for all where it speaks of some, and
    advice that it does not give.
    """
    own, theirs = read(written), read(cited)
    if own.numbers - theirs.numbers:
        return "number"
    if (theirs.possible or theirs.partly) and not (own.possible or own.partly) and own.wholly - theirs.wholly:
        return "hedge"
    if own.advice - theirs.advice:
        return "advice"
    return ""
