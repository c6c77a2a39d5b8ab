"""What was found for a question → its reply: an answer, or what is said instead, with what the question's class asks for."""

from collections.abc import Sequence
from functools import cached_property

from bot.answerability import Band, Calibration, judge, takes_for_granted
from bot.fixed import fixed_reply, urgent_reply
from bot.reply import Citation, CitedSentence, Flag, Outcome, Reason, Reply
from bot.retrieval import Retriever
from bot.safety.level import Level
from bot.safety.regions import Region
from bot.several import related_to, said_of
from bot.suggestions import Suggester
from bot.turn import Turn
from bot.verbatim import cite, compose
from bot.verification import Cited, verify
from bot.wording import followed, joined, led, safety_text, source_of
from ingest.documents import Document
from prompts import text

NEAREST_SENTENCES = 2


class Answering:
    """Makes replies over one open index."""

    def __init__(self, retriever: Retriever, fitted: Calibration, suggester: Suggester, region: Region) -> None:
        """`region`: whose phone numbers the safety texts show."""
        self._retriever = retriever
        self._fitted = fitted
        self._suggester = suggester
        self._region = region
        self._documents = retriever.index.documents

    def urgent(self, turn: Turn, outcome: Outcome) -> Reply:
        """What to do now, and below what the article says where it has been looked up and answers."""
        answer = self._reply(turn) if turn.found and outcome is Outcome.EMERGENCY else None
        return urgent_reply(self._region, self._first, turn, outcome, answer)

    def invalid(self, turn: Turn, said: str) -> Reply:
        """That it is no question that can be asked."""
        return fixed_reply(self._first, turn, Outcome.INVALID, said)

    def conversation(self, turn: Turn, name: str) -> Reply:
        """Small talk, with a text of `prompts/`."""
        return fixed_reply(self._first, turn, Outcome.CONVERSATION, self._text(name))

    def foreign(self, turn: Turn) -> Reply:
        """That it is not in the article's language."""
        return self._flagged(turn, self._refusal(turn, 0.0, Reason.LANGUAGE))

    def reply(self, turn: Turn) -> Reply:
        """The reply to a question that was looked up, with what its class asks for: an emergency leads with what to do now."""
        if turn.assessment.level.is_danger:
            return self.urgent(turn, Outcome(turn.assessment.level.value))
        reply = self._reply(turn)
        if turn.assessment.level is Level.PERSONAL:
            reply = self._for_the_team(turn, reply)
        return self._flagged(turn, reply)

    def _reply(self, turn: Turn) -> Reply:
        assert turn.judgement is not None
        if turn.slices:
            return self._answered(turn, turn.judgement.probability)
        return self._not_answered(turn, turn.judgement.probability, turn.judgement.band)

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
    def _on_choosing(self) -> Cited:
        """What comes nearest to how decisions are made, in any document."""
        found = self._retriever.search(text("personal_query"))
        if len(self._documents) > 1 and judge(found, self._fitted).band is not Band.ANSWERED:
            return (), ()
        return verify(*cite(compose(self._retriever, found.candidates, maximum=NEAREST_SENTENCES)), self._documents)

    def _answered(self, turn: Turn, probability: float) -> Reply:
        sentences, citations = turn.cited
        if not sentences:
            return self._refusal(turn, probability, Reason.UNVERIFIED)
        flags = (Flag.FALSE_PREMISE,) if turn.found and takes_for_granted(turn.found) else ()
        lead = f"{text('false_premise')}\n\n" if flags else ""
        sections = tuple(dict.fromkeys(citation.section[-1] for citation in citations))
        return Reply(
            question=turn.question,
            standalone_question=turn.standalone,
            outcome=Outcome.ANSWERED,
            flags=flags,
            answerability=probability,
            answer=lead + joined(sentences, citations),
            sentences=sentences,
            citations=citations,
            related=related_to(self._documents.values(), None) if turn.about == "subject" else sections,
            suggestions=self._suggester.after([c.start for c in citations], (turn.question, turn.standalone, *turn.previous)),
            notice=text("notice"),
            source=source_of(self._documents[citations[0].document]),
        )

    def _not_answered(self, turn: Turn, probability: float, band: Band) -> Reply:
        assert turn.found is not None
        if band is Band.OFF_TOPIC:
            return self._refusal(turn, probability, Reason.OFF_TOPIC)
        # Of several documents some sentence always lies nearest; where it shares no word with the question, it says nothing.
        if band is Band.NOT_COVERED or (len(self._documents) > 1 and not turn.found.coverage):
            return self._refusal(turn, probability, Reason.NOT_COVERED)
        slices = compose(self._retriever, turn.found.candidates, maximum=NEAREST_SENTENCES)
        nearest, citations = verify(*cite(slices), self._documents)
        return self._refusal(turn, probability, Reason.NOT_COVERED, nearest, citations)

    def _refusal(
        self,
        turn: Turn,
        probability: float,
        reason: Reason,
        nearest: Sequence[CitedSentence] = (),
        citations: Sequence[Citation] = (),
    ) -> Reply:
        said = f"{self._text('nearest')}\n\n{joined(nearest, citations)}" if nearest else self._text(reason)
        return Reply(
            question=turn.question,
            standalone_question=turn.standalone or turn.question,
            outcome=Outcome.NOT_IN_ARTICLE,
            reason=reason,
            answerability=probability,
            answer=said,
            nearest=tuple(nearest),
            citations=tuple(citations),
            related=related_to(self._documents.values(), turn.found),
            suggestions=self._suggester.after(self._near(turn), (turn.question, *turn.previous)),
            notice=text("notice"),
            source=source_of(self._documents[citations[0].document] if citations else self._first),
        )

    def _near(self, turn: Turn) -> list[int]:
        """Where the sentences stand that come nearest to a question, though they do not answer it."""
        return [self._retriever.sentence(c).start for c in turn.found.candidates[:3]] if turn.found else []

    def _text(self, name: str) -> str:
        return said_of(self._documents.values(), name)

    @property
    def _first(self) -> Document:
        return next(iter(self._documents.values()))
