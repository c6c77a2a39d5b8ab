"""The values that leave the chain. What can't be true can't be built: see `Reply`."""

import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Outcome(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"
    NOT_IN_ARTICLE = "not_in_article"
    EMERGENCY = "emergency"
    CRISIS = "crisis"
    CONVERSATION = "conversation"
    INVALID = "invalid"


class Reason(StrEnum):
    """Why a question was not answered."""

    OFF_TOPIC = "off_topic"
    NOT_COVERED = "not_covered"
    PERSONAL = "personal"
    LANGUAGE = "language"
    UNVERIFIED = "unverified"


class Flag(StrEnum):
    """What was noticed about a question, whatever its outcome."""

    PERSONAL_ADVICE = "personal_advice"
    EMERGENCY = "emergency"
    CRISIS = "crisis"
    CONDITIONAL_EMERGENCY = "conditional_emergency"
    FALSE_PREMISE = "false_premise"
    IDENTIFIERS = "identifiers"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Citation(_Value):
    """A slice of a document: `text[start:end] == quote`, in characters of the source's text.

    `page`, counted from 1, where the source is a PDF; `anchor`, the nearest id at or before it, where it is HTML.
    """

    number: Annotated[int, Field(ge=1)]
    document: str
    title: str
    section: tuple[str, ...]
    quote: Annotated[str, Field(min_length=1)]
    start: Annotated[int, Field(ge=0)]
    end: int
    page: Annotated[int, Field(ge=1)] | None = None
    anchor: str | None = None


class CitedSentence(_Value):
    """A sentence of a reply with the numbers of what it cites. `verbatim`: it is the quote, letter for letter."""

    text: Annotated[str, Field(min_length=1)]
    verbatim: bool
    citations: Annotated[tuple[int, ...], Field(min_length=1)]


class Source(_Value):
    """The document that a reply rests on, or would have rested on."""

    publisher: str | None
    revised: datetime.date | None
    sha256: str


class Reply(_Value):
    """One reply, as every door renders it.

    Holds always: an answered reply has sentences; only an answered one has; each sentence cites, and cites what is
    there; a verbatim sentence equals its quote; a reason stands only where nothing was answered; answerability is a
    number unless the outcome is `conversation` or `invalid`.
    """

    question: str
    standalone_question: str
    outcome: Outcome
    reason: Reason | None = None
    flags: tuple[Flag, ...] = ()
    answerability: Annotated[float, Field(ge=0, le=1)] | None = None
    answer: str
    sentences: tuple[CitedSentence, ...] = ()
    nearest: Annotated[tuple[CitedSentence, ...], Field(max_length=2)] = ()
    citations: tuple[Citation, ...] = ()
    related: tuple[str, ...] = ()
    suggestions: Annotated[tuple[str, ...], Field(max_length=3)] = ()
    notice: Annotated[str, Field(min_length=1)]
    source: Source | None = None
    milliseconds: Annotated[float, Field(ge=0)] = 0.0

    @model_validator(mode="after")
    def _can_be_true(self) -> Self:
        if (self.outcome is Outcome.ANSWERED) and not self.sentences:
            raise ValueError("an answered reply has at least one sentence")
        if self.outcome in (Outcome.NOT_IN_ARTICLE, Outcome.CONVERSATION, Outcome.INVALID) and self.sentences:
            raise ValueError(f"a reply {self.outcome} has no sentences")
        if (self.outcome is Outcome.NOT_IN_ARTICLE) != (self.reason is not None):
            raise ValueError("a reason stands in every not_in_article reply and in no other")
        wordless = self.outcome in (Outcome.CONVERSATION, Outcome.INVALID)
        if wordless != (self.answerability is None):
            raise ValueError("answerability is a number unless the outcome is conversation or invalid")
        self._check_citations()
        return self

    def _check_citations(self) -> None:
        quotes = {citation.number: citation.quote for citation in self.citations}
        if sorted(quotes) != list(range(1, len(self.citations) + 1)):
            raise ValueError("citations are numbered from 1 without a gap")
        for sentence in (*self.sentences, *self.nearest):
            if not all(number in quotes for number in sentence.citations):
                raise ValueError("a sentence cites a number that is not there")
            if sentence.verbatim and sentence.text not in (quotes[number] for number in sentence.citations):
                raise ValueError("a verbatim sentence is its quote, letter for letter")
