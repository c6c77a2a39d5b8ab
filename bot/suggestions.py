"""Next questions that the document really answers: each was asked when the encoder was tuned."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import TypeAdapter, ValidationError

from ingest.errors import ModelError
from ingest.words import stems

FILE = "suggestions.json"

MAXIMUM = 3

# How many questions there are to start with.
STARTERS = 5

# A question that reads well on a button: short, plain, about the subject and not about somebody's own case.
_WELL_FORMED = re.compile(r"(?:What|How|Why|When|Where|Which|Who|Can|Does|Do|Is|Are) [^?.!;:\"]{5,58}\?")
# "Is possible to …", "Is trial for …": the thing itself, or its article, is missing.
_INCOMPLETE = re.compile(
    r"""(?:Is|Are)\s(?:possible|necessary|true|allowed|safe|useful)\b
      | Is\s(?!(?:the|an?|there|any\w*|one|some|every\w*|each|just|only|all|chemo|cancer|pain)\b
             | [\w-]+(?:ing|y|ion|ment|ive|ics?)\b)""",
    re.VERBOSE,
)
_OWN_CASE = re.compile(
    r"""\b(?:i|me|my|mine|we|us|our|he|him|his|she|her|you|your|they|them|their|it|its|this|that|these|those
        |mum|mom|dad|gran|nan|wife|husband|son|daughter|uncle|aunt)\b""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True)
class Suggestion:
    """A question and where the best sentence that answers it starts, in characters of the document."""

    question: str
    start: int


class Suggester:
    """Picks what to ask next: from the same part of the document first, then from what follows."""

    def __init__(self, suggestions: Sequence[Suggestion]) -> None:
        """`suggestions` in any order."""
        self._suggestions = sorted(suggestions, key=lambda s: s.start)

    @classmethod
    def from_tuning(cls, folder: Path | None) -> Self:
        """Those of a tuning; none without one. Raises `ModelError` where they can't be read."""
        if folder is None or not (folder / FILE).exists():
            return cls(())
        try:
            return cls(TypeAdapter(list[Suggestion]).validate_json((folder / FILE).read_bytes()))
        except (OSError, ValidationError) as error:
            raise ModelError(f"{folder / FILE} can't be read: run cancer-bot tune, or remove it.") from error

    def to_begin_with(self, characters: int) -> tuple[str, ...]:
        """Questions to start with, spread evenly over a document of so many characters, in its order."""
        chosen: list[str] = []
        for part in range(STARTERS):
            begin, end = (characters * edge / STARTERS for edge in (part, part + 1))
            here = [s.question for s in self._suggestions if begin <= s.start < end]
            # The plainest: what opens with "What" and is short.
            chosen += sorted(here, key=lambda question: (not question.startswith("What"), len(question)))[:1]
        return tuple(chosen)

    def after(self, shown: Iterable[int], asked: Sequence[str]) -> tuple[str, ...]:
        """Up to three questions near the sentences that start at `shown`, none that was asked or is answered by them."""
        starts = sorted(shown)
        if not starts:
            return ()
        before = [frozenset(stems(question)) for question in asked]
        near = sorted(self._suggestions, key=lambda s: (min(abs(s.start - start) for start in starts), s.start))
        fresh = (s for s in near if s.start not in starts and not _repeats(s.question, before))
        return tuple(s.question for s, _ in zip(fresh, range(MAXIMUM), strict=False))


def _repeats(question: str, before: Sequence[frozenset[str]]) -> bool:
    own = frozenset(stems(question))
    return any(own and own <= other for other in before)


def well_formed(question: str) -> bool:
    """Whether a question of the bank can stand on a button."""
    return bool(_WELL_FORMED.fullmatch(question)) and not (_OWN_CASE.search(question) or _INCOMPLETE.match(question))
