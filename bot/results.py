"""One question of a set, asked and scored against its evidence."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.about import asked_about
from bot.chain import Bot
from bot.plainer import DROPPED
from bot.question_set import Question
from bot.reply import Citation, CitedSentence, Flag, Outcome, Reason, Reply
from bot.retrieval import Candidate, Found, Retriever
from bot.rewriting import NOT_ASKED, REWRITTEN
from bot.steps import Value, recorded
from ingest.index import Progress


@dataclass(frozen=True)
class Gold:
    """Where the evidence of a question stands: for each sentence, its (document, start, end), wherever it occurs."""

    retriever: Retriever
    spans: tuple[tuple[tuple[str, int, int], ...], ...]

    @classmethod
    def of(cls, question: Question, retriever: Retriever) -> "Gold":
        """Locate the evidence in the text of the sources."""
        return cls(retriever, tuple(tuple(_occurrences(text, retriever)) for text in question.evidence))

    def found(self, citations: Sequence[Citation]) -> tuple[bool, ...]:
        """For each sentence of the evidence, whether a citation overlaps it."""
        slices = [(citation.document, citation.start, citation.end) for citation in citations]
        return tuple(any(_overlap(span, slice) for span in spans for slice in slices) for spans in self.spans)

    def in_passage(self, document: str, start: int) -> bool:
        """Whether the passage of the document that holds the character at `start` holds some of the evidence."""
        return any(
            _overlap(span, (document, passage.start, passage.end))
            for passage in self.retriever.index.passages[document]
            if passage.start <= start < passage.end
            for spans in self.spans
            for span in spans
        )

    def in_passage_of(self, candidate: Candidate) -> bool:
        """Whether the passage of a candidate holds some of the evidence."""
        return self.in_passage(candidate.document.name, self.retriever.passage(candidate).start)


def _occurrences(text: str, retriever: Retriever) -> Iterator[tuple[str, int, int]]:
    for name, document in retriever.index.documents.items():
        start = document.text.find(text)
        while start >= 0:
            yield name, start, start + len(text)
            start = document.text.find(text, start + 1)


def _overlap(one: tuple[str, int, int], other: tuple[str, int, int]) -> bool:
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


@dataclass(frozen=True)
class Result:
    """What became of a question, and how near that comes to what was expected.

    `answerability`: as in the reply; for a baseline its own score, of any range. `relevant`: how many of the answer's
    sentences stand in a passage that holds evidence. `passage_first`: whether the best passage of the search does.
    `milliseconds`: none for a baseline, which shares the search. `wording`: what became of the answer in a language model's
    hands, `follow_up` of the stand-alone question; none where it had no hand in it. `dropped`: its sentences that fell, by why.
    """

    question: Question
    outcome: Outcome
    reason: Reason | None = None
    flags: tuple[Flag, ...] = ()
    answerability: float | None = None
    said: str = ""
    sentences: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    evidence_found: tuple[bool, ...] = ()
    relevant: int = 0
    passage_first: bool = False
    milliseconds: float | None = None
    wording: str | None = None
    follow_up: str | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)

    @property
    def answered(self) -> bool:
        """Whether it was answered, rightly or not."""
        return self.outcome is Outcome.ANSWERED

    @property
    def correct(self) -> bool:
        """Whether the outcome is one of the right ones and an answer, where there is evidence, holds some of it."""
        holds = not self.answered or not self.question.evidence or any(self.evidence_found)
        return self.outcome in self.question.expect and holds

    @property
    def rewriting_asked(self) -> bool:
        """Whether a language model was asked to make the question stand alone."""
        return self.follow_up not in (None, NOT_ASKED)

    @property
    def missed(self) -> tuple[str, ...]:
        """The evidence that was not found in the answer."""
        return tuple(text for text, found in zip(self.question.evidence, self.evidence_found, strict=True) if not found)

    def as_dict(self) -> dict[str, Any]:
        """As the JSON of the contract."""
        return {
            "id": self.question.id,
            "outcome": self.outcome.value,
            "reason": self.reason and self.reason.value,
            "flags": [flag.value for flag in self.flags],
            "answerability": self.answerability,
            "sentences": list(self.sentences),
            "citations": [c.model_dump(include={"number", "document", "start", "end", "quote"}) for c in self.citations],
            "evidence_found": list(self.evidence_found),
            "correct": self.correct,
            "milliseconds": self.milliseconds,
            **({"wording": self.wording} if self.wording else {}),
            **({"follow_up": self.follow_up} if self.rewriting_asked else {}),
        }


@dataclass(frozen=True)
class Asked:
    """A question that was asked: the reply, and what the search finds for it (nothing for what is no question).

    `notes`: what each step noted of itself, by its name.
    """

    question: Question
    gold: Gold
    reply: Reply
    found: Found | None
    notes: Mapping[str, Mapping[str, Value]]

    @classmethod
    def of(cls, question: Question, bot: Bot) -> "Asked":
        """Ask the turns in order, each after those before it, and keep the reply to the last."""
        *earlier, last = question.turns
        for number, turn in enumerate(earlier):
            bot.ask(turn, earlier[:number])
        with recorded() as steps:
            reply = bot.ask(last, earlier)
        notes = {one.name: one.notes for one in steps}
        return cls(question, Gold.of(question, bot.retriever), reply, _found(bot, question, reply, notes), notes)

    def result(self) -> Result:
        """The reply, scored."""
        reply = self.reply
        cited = reply.citations if reply.outcome is Outcome.ANSWERED else ()
        return Result(
            self.question,
            reply.outcome,
            reply.reason,
            reply.flags,
            reply.answerability,
            reply.answer,
            tuple(sentence.text for sentence in reply.sentences),
            cited,
            self.gold.found(cited),
            relevant(reply.sentences, cited, self.gold),
            self._passage_first(),
            reply.milliseconds,
            self._became("reword"),
            self._became("standalone"),
            {name.removeprefix(DROPPED): int(count) for name, count in self._noted("check").items() if name.startswith(DROPPED)},
        )

    def _noted(self, step: str) -> Mapping[str, Value]:
        return self.notes.get(step, {})

    def _became(self, step: str) -> str | None:
        became = self._noted(step).get("became")
        return None if became is None else str(became)

    def _passage_first(self) -> bool:
        # Questions about the article itself are answered by rule, without the search: what was cited first counts.
        if self.reply.outcome is Outcome.ANSWERED and asked_about(self.question.turns[-1]):
            return self.gold.in_passage(self.reply.citations[0].document, self.reply.citations[0].start)
        best = self.found.candidates[:1] if self.found else ()
        return any(self.gold.in_passage_of(candidate) for candidate in best)


def _found(bot: Bot, question: Question, reply: Reply, notes: Mapping[str, Mapping[str, Value]]) -> Found | None:
    """What the search finds for the question that was looked up, which a language model may have put into other words."""
    if reply.outcome is Outcome.INVALID:
        return None
    if notes.get("standalone", {}).get("became") == REWRITTEN:
        return bot.retriever.search(reply.standalone_question)
    return bot.look_up(question.turns[-1], question.turns[:-1])[0]


def relevant(sentences: Sequence[CitedSentence], citations: Sequence[Citation], gold: Gold) -> int:
    """How many sentences cite a passage that holds evidence."""
    good = {c.number for c in citations if gold.in_passage(c.document, c.start)}
    return sum(not good.isdisjoint(sentence.citations) for sentence in sentences)


def ask_all(questions: Sequence[Question], bot: Bot, progress: Progress | None = None) -> list[Asked]:
    """Ask every question of a set; `progress` is called with (questions done, questions in all)."""
    asked: list[Asked] = []
    for question in questions:
        asked.append(Asked.of(question, bot))
        if progress:
            progress(len(asked), len(questions))
    return asked
