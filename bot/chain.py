"""A question's way to its reply, as one LangChain runnable: triage → stand-alone question → retrieve → answer → verify."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import reduce
from operator import or_
from typing import Any

from langchain_core.runnables import Runnable, RunnableLambda

from bot.about import answer_about, asked_about
from bot.answerability import Band, Calibration, Judgement, judge
from bot.answering import Answering
from bot.follow_ups import FollowUps
from bot.language import foreign
from bot.plainer import PlainWords, Rewording
from bot.reply import Outcome, Reply
from bot.retrieval import Found, Retriever
from bot.rewriting import Rewriter
from bot.safety.assessment import assess
from bot.safety.hearing import Hearing
from bot.safety.level import Level
from bot.safety.meaning import Meaning
from bot.safety.regions import regions
from bot.settings import DEFAULT_REGION
from bot.spelling import Speller
from bot.steps import note, step, tell, watched_by
from bot.suggestions import Suggester
from bot.tracing import Tracing
from bot.triage import QUESTION_CHARACTERS, other_script, readable_previous, small_talk, unreadable
from bot.turn import Turn
from bot.verbatim import Slice, cite, compose
from bot.verification import verify
from ingest.errors import CancerBotError
from prompts import text

Step = Callable[[Turn], Turn | Reply]
AsyncStep = Callable[[Turn], Awaitable[Turn | Reply]]


class Bot:
    """Answers from one open index. `chain` is the LangChain runnable: a `Turn` in, a `Reply` out."""

    def __init__(
        self,
        retriever: Retriever,
        fitted: Calibration,
        speller: Speller,
        suggester: Suggester,
        meaning: Meaning | None = None,
        hearing: Hearing | None = None,
        plain_words: PlainWords | None = None,
        region: str = DEFAULT_REGION,
        rewriter: Rewriter | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        """Keep what the steps need and join them. `region`: whose phone numbers the safety texts show.

        `model` is then the name of the language model that rewrites follow-ups, empty where none does; `asks_a_model`: whether
        an answer may wait for one.
        """
        self._parts = (retriever, fitted, speller, suggester, meaning, hearing, plain_words, region)
        self.retriever = retriever
        self.fitted = fitted
        self.model = rewriter.model if rewriter else ""
        self.asks_a_model = bool(rewriter or plain_words)
        self._follow_ups = FollowUps(speller, retriever.knows, rewriter, tuned=retriever.experience is not None)
        self._meaning = meaning
        self.hearing = hearing
        self._plain_words = plain_words
        self._tracing = tracing
        self._answering = Answering(retriever, fitted, suggester, regions()[region])
        self._documents = retriever.index.documents
        self.chain: Runnable[Turn, Turn | Reply] = reduce(
            or_,
            [
                _runnable("triage", self._triage),
                _runnable("standalone", self._follow_ups.standing_alone, self._follow_ups.standing_alone_async),
                _runnable("retrieve", self._retrieve),
                _runnable("answerability", self._judge),
                _runnable("compose", self._compose),
                _runnable("verify", self._verify),
                _runnable("reword", self._reword, self._reword_async),
                _runnable("reply", self._answering.reply),
            ],
        )

    def ask(self, question: str, previous: Sequence[str] = ()) -> Reply:
        """The reply to a question after earlier ones, oldest first. An interrupt ends a call to a language model, too."""
        turn = Turn(question, tuple(previous))
        with watched_by(self._tracing), step("ask"):
            return _finished(turn, self.chain.invoke(turn))

    async def ask_async(self, question: str, previous: Sequence[str] = ()) -> Reply:
        """The same for an event loop. Where the task is cancelled, a call to a language model that is under way is, too."""
        turn = Turn(question, tuple(previous))
        with watched_by(self._tracing), step("ask"):
            return _finished(turn, await self.chain.ainvoke(turn))

    def look_up(self, question: str, previous: Sequence[str] = ()) -> tuple[Found, Judgement]:
        """What a question after earlier ones finds without a model, and how probable it is that the article answers it."""
        found = self.retriever.search(self._follow_ups.looked_up(question, readable_previous(previous)).question)
        return found, judge(found, self.fitted)

    def without_rewriting(self) -> "Bot":
        """The same over the same index, where the rules alone make questions stand alone."""
        return Bot(*self._parts)

    def close(self) -> None:
        """Close the index, and send the spans that are left."""
        self.retriever.index.close()
        if self._tracing:
            self._tracing.close()

    def _triage(self, turn: Turn) -> Turn | Reply:
        previous = readable_previous(turn.previous)
        turn = replace(turn, assessment=assess(turn.question[:QUESTION_CHARACTERS], previous))
        note(level=turn.assessment.level.value, previous=len(previous))
        problem = unreadable(turn.question)
        if problem:
            # A call for help counts even in a text that is too long or garbled to be asked.
            if turn.assessment.level.is_danger:
                return self._answering.urgent(turn, Outcome(turn.assessment.level.value))
            return self._answering.invalid(turn, text(problem[0]).format(**problem[1]))
        if not turn.assessment.level.is_danger and isinstance(talk := self._unless_talk(turn), Reply):
            return talk
        turn = self._heard(turn, previous)
        if turn.assessment.level is Level.CRISIS:
            return self._answering.urgent(turn, Outcome.CRISIS)
        return turn if turn.assessment.level.is_danger else self._unless_talk(turn)

    def _heard(self, turn: Turn, previous: Sequence[str]) -> Turn:
        """With what the second look for danger hears in the person's own words."""
        if self.hearing is None:
            return turn
        try:
            heard = self.hearing.heard(turn.assessment, turn.question, previous)
        except CancerBotError:
            # What to do in danger needs no model and no index: it is said even where they fail.
            if turn.assessment.level.is_danger:
                return turn
            raise
        note(level=heard.level.value)
        return replace(turn, assessment=heard)

    def _unless_talk(self, turn: Turn) -> Turn | Reply:
        """The turn, where it is neither small talk nor in another language."""
        if talk := small_talk(turn.question, follows=bool(readable_previous(turn.previous))):
            return self._answering.conversation(turn, talk)
        return self._answering.foreign(turn) if other_script(turn.question) or foreign(turn.question) else turn

    def _retrieve(self, turn: Turn) -> Turn:
        try:
            found = self.retriever.search(turn.standalone)
            note(candidates=len(found.candidates))
            return self._meant(replace(turn, found=found))
        except CancerBotError:
            if turn.assessment.level.is_danger:
                return turn
            raise

    def _meant(self, turn: Turn) -> Turn:
        """What kind of question it is by its meaning, in the person's own words."""
        if self._meaning is None or turn.found is None:
            return turn
        own = turn.standalone == turn.by_rules
        vector = turn.found.vector if own else self.retriever.embeddings.embed_query(turn.by_rules)
        return replace(turn, assessment=self._meaning.refined(turn.assessment, vector))

    def _judge(self, turn: Turn) -> Turn:
        if turn.found is None:
            return turn
        kind = asked_about(turn.question)
        if kind and (slices := answer_about(self.retriever, kind)):
            return replace(turn, about=kind, slices=slices, judgement=Judgement(1.0, Band.ANSWERED))
        judgement = judge(turn.found, self.fitted)
        note(probability=judgement.probability, band=judgement.band.value)
        return replace(turn, judgement=judgement)

    def _compose(self, turn: Turn) -> Turn:
        """The best sentences; after "what else?" the best of those in the same sections that were not shown before."""
        if turn.slices or turn.found is None or turn.judgement is None or turn.judgement.band is not Band.ANSWERED:
            return turn
        slices = compose(self.retriever, turn.found.candidates)
        shown: set[Slice] = set(slices)
        for _ in range(turn.more):
            sections = {one.passage.section for one in shown}
            left = [c for c in turn.found.candidates if self.retriever.passage(c).section in sections]
            slices = tuple(one for one in compose(self.retriever, left, without=shown) if one not in shown)
            shown |= set(slices)
        note(sentences=len(slices))
        return replace(turn, slices=slices)

    def _verify(self, turn: Turn) -> Turn:
        cited = verify(*cite(turn.slices), self._documents)
        note(sentences=len(cited[0]), dropped=len(turn.slices) - len(cited[0]))
        return replace(turn, cited=cited)

    def _reword(self, turn: Turn) -> Turn:
        """In plainer words, where a language model is configured and what it wrote holds; an emergency does not wait for it."""
        if not self._plain_words or not self._may_reword(turn):
            return turn
        return self._reworded(turn, self._plain_words.reworded(turn.told, turn.cited[1], self._best(turn)))

    async def _reword_async(self, turn: Turn) -> Turn:
        if not self._plain_words or not self._may_reword(turn):
            return turn
        return self._reworded(turn, await self._plain_words.reworded_async(turn.told, turn.cited[1], self._best(turn)))

    def _may_reword(self, turn: Turn) -> bool:
        return bool(turn.cited[0]) and not turn.assessment.level.is_danger

    def _best(self, turn: Turn) -> int:
        """The number of the citation that answers best."""
        found = [self.retriever.sentence(c).start for c in turn.found.candidates] if turn.found else []
        return min(turn.cited[1], key=lambda c: found.index(c.start) if c.start in found else len(found)).number

    def _reworded(self, turn: Turn, rewording: Rewording) -> Turn:
        note(became=rewording.became)
        written = verify(rewording.sentences, turn.cited[1], self._documents)
        return replace(turn, cited=written) if written[0] else turn


def _finished(turn: Turn, reply: Turn | Reply) -> Reply:
    assert isinstance(reply, Reply)
    note(outcome=reply.outcome.value, reason=reply.reason.value if reply.reason else "", sentences=len(reply.sentences))
    tell(question=turn.question, answer=reply.answer)
    return reply.model_copy(update={"milliseconds": round((time.perf_counter() - turn.begun) * 1000, 1)})


def _runnable(name: str, does: Step, does_async: AsyncStep | None = None) -> "RunnableLambda[Any, Turn | Reply]":
    """A step that can be watched and lets a reply pass by; without an async form of its own it runs in a thread there."""

    def run(turn: Turn | Reply) -> Turn | Reply:
        if isinstance(turn, Reply):
            return turn
        with step(name):
            return does(turn)

    async def run_async(turn: Turn | Reply) -> Turn | Reply:
        if isinstance(turn, Reply) or does_async is None:
            return turn
        with step(name):
            return await does_async(turn)

    return RunnableLambda(run, afunc=run_async if does_async else None, name=name)
