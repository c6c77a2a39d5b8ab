"""A question's way to its reply, as one LangChain runnable: triage → stand-alone question → retrieve → answer → verify."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import Any

from langchain_core.runnables import Runnable, RunnableLambda

from bot.about import answer_about, asked_about
from bot.answerability import Band, Calibration, Judgement, judge, takes_for_granted
from bot.conversation import Standalone, standalone
from bot.fixed import fixed_reply, urgent_reply
from bot.language import foreign
from bot.plainer import PlainWords
from bot.reply import Citation, CitedSentence, Flag, Outcome, Reason, Reply
from bot.retrieval import Found, Retriever
from bot.safety.assessment import Level, assess
from bot.safety.meaning import Meaning
from bot.safety.regions import regions
from bot.spelling import Speller
from bot.suggestions import Suggester
from bot.triage import QUESTION_CHARACTERS, other_script, readable_previous, small_talk, unreadable
from bot.turn import Turn
from bot.verbatim import Slice, cite, compose
from bot.verification import Cited, verify
from bot.wording import followed, joined, led, safety_text, source_of
from ingest.documents import Document
from ingest.errors import CancerBotError
from ingest.passages import outline
from prompts import text

NEAREST_SENTENCES = 2

# Of a folder of documents, the first so many have their sections named where there is no answer.
NAMED = 20

# Titles in the path of a section just below its document: the document's title and its own.
TOP_LEVEL = 2


class Bot:
    """Answers from one open index. `chain` is the LangChain runnable: a `Turn` in, a `Reply` out."""

    def __init__(
        self,
        retriever: Retriever,
        fitted: Calibration,
        speller: Speller,
        suggester: Suggester,
        meaning: Meaning | None = None,
        plain_words: PlainWords | None = None,
        region: str = "US",
    ) -> None:
        """Keep what the steps need and join them. `region`: whose phone numbers the safety texts show."""
        self._meaning = meaning
        self._plain_words = plain_words
        self.retriever = retriever
        self.fitted = fitted
        self._speller = speller
        self._suggester = suggester
        self._region = regions()[region]
        self._documents = retriever.index.documents
        self.chain: Runnable[Turn, Turn | Reply] = (
            RunnableLambda(self._triage, name="triage")
            | RunnableLambda(_unless_replied(self._retrieve), name="retrieve")
            | RunnableLambda(_unless_replied(self._answer_safely), name="answer")
        )

    def ask(self, question: str, previous: Sequence[str] = ()) -> Reply:
        """The reply to a question after earlier ones, oldest first."""
        turn = Turn(question, tuple(previous))
        reply = self.chain.invoke(turn)
        assert isinstance(reply, Reply)
        return reply.model_copy(update={"milliseconds": round((time.perf_counter() - turn.begun) * 1000, 1)})

    def look_up(self, question: str, previous: Sequence[str] = ()) -> tuple[Found, Judgement]:
        """What a question finds and how probable it is that the article answers it, whatever would be said of it."""
        found = self.retriever.search(self._standalone(question, readable_previous(previous)).question)
        return found, judge(found, self.fitted)

    def close(self) -> None:
        """Close the index."""
        self.retriever.index.close()

    def _triage(self, turn: Turn) -> Turn | Reply:
        previous = readable_previous(turn.previous)
        turn = replace(turn, assessment=assess(turn.question[:QUESTION_CHARACTERS], previous))
        problem = unreadable(turn.question)
        if turn.assessment.level is Level.CRISIS:
            return urgent_reply(self._region, self._first, turn, Outcome.CRISIS)
        if problem:
            # A call for help counts even in a text that is too long or garbled to be asked.
            if turn.assessment.level is Level.EMERGENCY:
                return urgent_reply(self._region, self._first, turn, Outcome.EMERGENCY)
            return fixed_reply(self._first, turn, Outcome.INVALID, text(problem[0]).format(**problem[1]))
        if turn.assessment.level is not Level.EMERGENCY:
            if talk := small_talk(turn.question):
                return fixed_reply(self._first, turn, Outcome.CONVERSATION, self._text(talk))
            if other_script(turn.question) or foreign(turn.question):
                return self._flagged(turn, self._refusal(turn, 0.0, Reason.LANGUAGE))
        asked = self._standalone(turn.question, previous)
        return replace(turn, standalone=asked.question, more=asked.more)

    def _standalone(self, question: str, previous: Sequence[str]) -> Standalone:
        """Spelling first: a misspelt subject is to be found in an earlier line, too."""
        return standalone(
            self._speller.corrected(question), [self._speller.corrected(line) for line in previous], self.retriever.knows
        )

    def _retrieve(self, turn: Turn) -> Turn:
        try:
            found = self.retriever.search(turn.standalone)
            meant = self._meaning.refined(turn.assessment, found.vector) if self._meaning else turn.assessment
            return replace(turn, found=found, assessment=meant)
        except CancerBotError:
            # What to do in an emergency needs no model and no index: it is said even where they fail.
            if turn.assessment.level is Level.EMERGENCY:
                return turn
            raise

    def _answer_safely(self, turn: Turn) -> Reply:
        """The answer, with what its class asks for: an emergency leads with what to do now."""
        if turn.assessment.level is Level.EMERGENCY:
            return urgent_reply(self._region, self._first, turn, Outcome.EMERGENCY, self._answer(turn) if turn.found else None)
        reply = self._answer(turn)
        if turn.assessment.level is Level.PERSONAL:
            reply = self._for_the_team(turn, reply)
        return self._flagged(turn, reply)

    def _flagged(self, turn: Turn, reply: Reply) -> Reply:
        if turn.assessment.level is Level.CONDITIONAL:
            reply = led(reply, safety_text("conditional", self._region), Flag.CONDITIONAL_EMERGENCY)
        return followed(reply, text("identifiers"), Flag.IDENTIFIERS) if turn.assessment.identifiers else reply

    def _for_the_team(self, turn: Turn, reply: Reply) -> Reply:
        """A personal question: only the care team can say; what the article says of it, or else of choosing, stands below."""
        if reply.reason is Reason.OFF_TOPIC and turn.assessment.signs:
            return reply
        if reply.outcome is Outcome.ANSWERED:
            return led(reply, text("personal"), Flag.PERSONAL_ADVICE)
        nearest, citations = self._on_choosing
        said = [text("personal"), *([text("personal_nearest"), joined(nearest, citations)] if nearest else [])]
        refusal = self._refusal(turn, reply.answerability or 0.0, Reason.PERSONAL, nearest, citations)
        return refusal.model_copy(update={"answer": "\n\n".join(said), "flags": (Flag.PERSONAL_ADVICE,)})

    @cached_property
    def _on_choosing(self) -> tuple[tuple[CitedSentence, ...], tuple[Citation, ...]]:
        """What comes nearest to how decisions are made, in any document."""
        found = self.retriever.search(text("personal_query"))
        return verify(*cite(compose(self.retriever, found.candidates, maximum=NEAREST_SENTENCES)), self._documents)

    def _answer(self, turn: Turn) -> Reply:
        assert turn.found is not None
        kind = asked_about(turn.question)
        if kind and (slices := answer_about(self.retriever, kind)):
            return self._answered(turn, 1.0, slices, related=self._sections() if kind == "subject" else ())
        judgement = judge(turn.found, self.fitted)
        if judgement.band is Band.ANSWERED and (slices := self._composed(turn.found, turn.more)):
            return self._answered(turn, judgement.probability, slices)
        return self._not_answered(turn, judgement)

    def _composed(self, found: Found, more: int) -> tuple[Slice, ...]:
        """The best sentences; after "what else?" the best of those in the same sections that were not shown before."""
        slices = compose(self.retriever, found.candidates)
        shown = set(slices)
        for _ in range(more):
            sections = {one.passage.section for one in shown}
            left = [c for c in found.candidates if self.retriever.passage(c).section in sections]
            slices = tuple(one for one in compose(self.retriever, left, without=shown) if one not in shown)
            shown |= set(slices)
        return slices

    def _answered(self, turn: Turn, probability: float, slices: Sequence[Slice], related: tuple[str, ...] = ()) -> Reply:
        sentences, citations = verify(*cite(slices), self._documents)
        if not sentences:
            return self._refusal(turn, probability, Reason.UNVERIFIED)
        sentences, citations = self._reworded(turn, citations) or (sentences, citations)
        flags = (Flag.FALSE_PREMISE,) if turn.found and takes_for_granted(turn.found) else ()
        lead = f"{text('false_premise')}\n\n" if flags else ""
        return Reply(
            question=turn.question,
            standalone_question=turn.standalone,
            outcome=Outcome.ANSWERED,
            flags=flags,
            answerability=probability,
            answer=lead + joined(sentences, citations),
            sentences=sentences,
            citations=citations,
            related=related or tuple(dict.fromkeys(citation.section[-1] for citation in citations)),
            suggestions=self._suggester.after([c.start for c in citations], (turn.question, turn.standalone, *turn.previous)),
            notice=text("notice"),
            source=source_of(self._documents[citations[0].document]),
        )

    def _reworded(self, turn: Turn, citations: tuple[Citation, ...]) -> Cited | None:
        """In plainer words, where a language model is configured and what it wrote holds; an emergency does not wait for it."""
        if self._plain_words is None or turn.assessment.level is Level.EMERGENCY:
            return None
        found = [self.retriever.sentence(c).start for c in turn.found.candidates] if turn.found else []
        needed = min(citations, key=lambda c: found.index(c.start) if c.start in found else len(found)).number
        written = self._plain_words.reworded(turn.standalone, citations, needed)
        return verify(written, citations, self._documents) if written else None

    def _not_answered(self, turn: Turn, judgement: Judgement) -> Reply:
        assert turn.found is not None
        if judgement.band is Band.OFF_TOPIC:
            return self._refusal(turn, judgement.probability, Reason.OFF_TOPIC)
        if judgement.band is Band.NOT_COVERED:
            return self._refusal(turn, judgement.probability, Reason.NOT_COVERED)
        slices = compose(self.retriever, turn.found.candidates, maximum=NEAREST_SENTENCES)
        nearest, citations = verify(*cite(slices), self._documents)
        return self._refusal(turn, judgement.probability, Reason.NOT_COVERED, nearest, citations)

    def _refusal(
        self,
        turn: Turn,
        probability: float,
        reason: Reason,
        nearest: tuple[CitedSentence, ...] = (),
        citations: tuple[Citation, ...] = (),
    ) -> Reply:
        said = f"{text('nearest')}\n\n{joined(nearest, citations)}" if nearest else self._text(reason)
        return Reply(
            question=turn.question,
            standalone_question=turn.standalone or turn.question,
            outcome=Outcome.NOT_IN_ARTICLE,
            reason=reason,
            answerability=probability,
            answer=said,
            nearest=nearest,
            citations=citations,
            related=self._sections(),
            suggestions=self._suggester.after(self._near(turn), (turn.question, *turn.previous)),
            notice=text("notice"),
            source=source_of(self._first),
        )

    def _near(self, turn: Turn) -> list[int]:
        """Where the sentences stand that come nearest to a question, though they do not answer it."""
        return [self.retriever.sentence(c).start for c in turn.found.candidates[:3]] if turn.found else []

    def _text(self, name: str) -> str:
        return text(name).format(title=self._first.title)

    @property
    def _first(self) -> Document:
        return next(iter(self._documents.values()))

    def _sections(self) -> tuple[str, ...]:
        """The titles just below each document's own, without those that speak of the document itself."""
        sections = [s for document in islice(self._documents.values(), NAMED) for _, s in outline(document)]
        return tuple(dict.fromkeys(s.title for s in sections if len(s.path) == TOP_LEVEL and not s.about))


def _unless_replied(step: "Callable[[Turn], Turn | Reply]") -> "Callable[[Any], Turn | Reply]":
    """A step that lets a reply pass by."""
    return lambda turn: turn if isinstance(turn, Reply) else step(turn)
