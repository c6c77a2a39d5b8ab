"""What happens when somebody asks on the page: from the browser's conversation and a question to what the chat shows next."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.chain import Bot
from bot.fixed import help_without_answer
from bot.reply import Outcome, Reply
from bot.safety.regions import regions
from bot.web import session
from bot.web.limits import RateLimit, Seat, Turnstile
from bot.web.messages import Messages
from bot.web.readiness import Readiness
from ingest.documents import Document
from ingest.errors import CancerBotError

# Questions that are answered at a time (the encoder uses every core for one), and that may wait beside them: at 20 ms each, who
# waits last waits well under a second.
AT_A_TIME = 2
WAITING = 30


@dataclass(frozen=True)
class Shown:
    """What the page shows: the chat's messages, the conversation as the browser keeps it, and what is in the question box.

    `box` None leaves there what somebody has typed meanwhile.
    """

    messages: list[dict[str, Any]]
    session: str
    box: str | None = None
    waiting: bool = False

    @property
    def begun(self) -> bool:
        """Whether anything has been asked."""
        return self.session != session.EMPTY


class Chat:
    """Answers for the page and for the named endpoint; both count against a client's limit."""

    def __init__(
        self, readiness: Readiness, documents: Sequence[Document], messages: Messages, limit: RateLimit, region: str
    ) -> None:
        """Keep what an answer needs. `region`: whose phone numbers are shown where there is no bot to answer."""
        self._region = regions()[region]
        self._turnstile = Turnstile(AT_A_TIME, WAITING)
        self._readiness = readiness
        self.documents = documents
        self._messages = messages
        self._limit = limit

    def renew(self, documents: Sequence[Document], messages: Messages) -> None:
        """Answer from other documents from now on."""
        self.documents, self._messages = documents, messages

    @property
    def full(self) -> bool:
        """Whether one more question would be declined now."""
        return self._turnstile.full

    def promised(self) -> Seat:
        """A seat for a question that is on its way to `reply`."""
        return self._turnstile.promised()

    def help_for(self, question: str, previous: Sequence[str]) -> Reply | None:
        """What to do now, for whoever is in danger; it needs no seat and no bot."""
        return help_without_answer(self._region, self.documents[0], question, previous)

    async def reply(self, question: str, previous: Sequence[str], client: str, seat: Seat | None = None) -> Reply:
        """The reply to a question. Raises `CancerBotError` with one line that says what to do.

        Whoever is in danger is told what to do even where nothing can be answered: not ready, busy, asked too much, broken.
        Where the task is cancelled, because somebody has stopped the answer, a call to a language model ends with it.
        """
        try:
            self._limit.count(client)
            bot = self._readiness.bot
            async with self._turnstile.turn(seat):
                return await _asked(bot, question, previous)
        except CancerBotError:
            if urgent := self.help_for(question, previous):
                return urgent
            raise
        finally:
            self._turnstile.give_back(seat)

    async def asked(self, question: str, kept: str, client: str, seat: Seat | None = None) -> AsyncIterator[Shown]:
        """First the question with a sign that it is being looked into, then the reply."""
        replies = self.replies(kept)
        # Nothing typed: nothing happens, as with any other empty box.
        if not question.strip():
            yield self.shown(replies)
            return
        turns = [*self._turns(replies), _message("user", self._messages.asked(question))]
        yield Shown([*turns, _message("assistant", self._messages.pending())], kept, box="", waiting=True)
        try:
            reply = await self.reply(question, session.questions(replies), client, seat)
        except CancerBotError as error:
            problem = _message("assistant", self._messages.problem(str(error)))
            yield Shown([*turns, problem], session.written(replies), box=question)
            return
        yield self.shown([*replies, reply])

    async def again(self, kept: str, client: str) -> AsyncIterator[Shown]:
        """The last question once more."""
        replies = self.replies(kept)
        if replies:
            async for shown in self.asked(replies[-1].question, session.written(replies[:-1]), client):
                yield shown
        else:
            yield self.shown(replies)

    def replies(self, kept: str) -> tuple[Reply, ...]:
        """The replies of a conversation that the browser has kept."""
        return session.read(kept, self.documents)

    def edited(self, kept: str) -> Shown:
        """The last question back in the box, to be changed."""
        replies = self.replies(kept)
        return self.shown(replies[:-1], box=replies[-1].question if replies else "")

    def restored(self, kept: str) -> Shown:
        """A conversation that the browser has kept."""
        return self.shown(self.replies(kept))

    def shown(self, replies: Sequence[Reply], box: str | None = None) -> Shown:
        """A conversation, with what could be asked next."""
        turns = self._turns(replies)
        if replies and replies[-1].suggestions:
            turns[-1]["options"] = [{"value": question} for question in replies[-1].suggestions]
        return Shown(turns, session.written(replies), box)

    def _turns(self, replies: Sequence[Reply]) -> list[dict[str, Any]]:
        return [
            message
            for reply in replies[-session.LONGEST :]
            for message in (
                _message("user", self._messages.asked(reply.question)),
                _message("assistant", self._messages.replied(reply)),
            )
        ]


async def _asked(bot: Bot, question: str, previous: Sequence[str]) -> Reply:
    """A language model is waited for in the event loop, where that can be stopped; without one it is all work, for one thread."""
    if bot.asks_a_model:
        return await bot.ask_async(question, previous)
    return await asyncio.to_thread(bot.ask, question, previous)


def feedback(reply: Reply, *, helpful: bool) -> dict[str, Any]:
    """What a thumb up or down may keep: how the reply came about and which sections it showed, never a word of the question."""
    sections = list(dict.fromkeys(" › ".join(citation.section) for citation in reply.citations))
    reason = reply.reason if reply.outcome is Outcome.NOT_IN_ARTICLE else None
    return {"helpful": helpful, "outcome": reply.outcome, "reason": reason, "sections": sections}


def _message(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "content": content}
