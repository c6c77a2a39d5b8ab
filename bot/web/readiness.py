"""Whether the program can answer yet: it gets ready beside the page, which is there at once."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from bot.chain import Bot
from ingest.errors import CancerBotError
from prompts import labels


class NotReadyError(CancerBotError):
    """The program is still getting ready."""


@dataclass(frozen=True)
class Health:
    """What `/healthz` says. `done` of `of` texts are embedded while an index is built; `of` is 0 otherwise."""

    ready: bool
    done: int = 0
    of: int = 0


class Readiness:
    """Holds the bot once there is one. Safe to use from many threads."""

    def __init__(self) -> None:
        """Nothing is ready yet."""
        self._lock = threading.Lock()
        self._bot: Bot | None = None
        self._health = Health(ready=False)
        self._takers: list[Callable[[Bot], None]] = []

    def whenever(self, take: Callable[[Bot], None]) -> None:
        """Call `take` with every bot just before it is the one that answers."""
        self._takers.append(take)

    @property
    def health(self) -> Health:
        """The state now."""
        with self._lock:
            return self._health

    @property
    def bot(self) -> Bot:
        """The bot. Raises `NotReadyError` before there is one."""
        with self._lock:
            if self._bot is None:
                raise NotReadyError(labels("problems")["not_ready"])
            return self._bot

    def progress(self, done: int, of: int) -> None:
        """So far so many texts of an index that is being built."""
        with self._lock:
            self._health = Health(ready=False, done=done, of=of)

    def answer_with(self, bot: Bot) -> None:
        """From now on this bot answers."""
        for take in self._takers:
            take(bot)
        with self._lock:
            self._bot = bot
            self._health = Health(ready=True)
