"""How much one client may ask in a minute, and how many questions may be in the house at once. All of it is kept in memory."""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator

from ingest.errors import CancerBotError
from prompts import labels

# How long a seat is kept for a question that is on its way, in seconds.
ON_ITS_WAY = 5.0


class TooManyError(CancerBotError):
    """A client has asked too much for now."""


class RateLimit:
    """At most so many questions in a minute from one client; none at all is held back where `per_minute` is None."""

    def __init__(self, per_minute: int | None) -> None:
        """`per_minute`: 1 and up, or None."""
        from limits import RateLimitItemPerMinute
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        self._limit = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def count(self, client: str) -> None:
        """Count one question. Raises `TooManyError` with the seconds to wait where it is one too many."""
        if self._limit and not self._window.hit(self._limit, client):
            free_at = self._window.get_window_stats(self._limit, client).reset_time
            raise TooManyError(labels("problems")["rate"].format(seconds=max(1, math.ceil(free_at - time.time()))))


class BusyError(CancerBotError):
    """So many are asking that one more would wait too long."""


class Seat:
    """A seat that was promised to one question."""


class Turnstile:
    """Lets a few questions through at a time and a bounded number wait; who comes after that is told at once.

    For one event loop: who is told so needs no thread, of which there may be none free when it matters.
    """

    def __init__(self, at_a_time: int, waiting: int) -> None:
        """`at_a_time`: answered together; `waiting`: may wait beside them."""
        self._room = at_a_time + waiting
        self._inside = 0
        self._promised: dict[Seat, float] = {}
        self._answering = asyncio.Semaphore(at_a_time)

    @property
    def full(self) -> bool:
        """Whether one more would be declined now."""
        now = time.monotonic()
        self._promised = {seat: until for seat, until in self._promised.items() if until > now}
        return self._inside + len(self._promised) >= self._room

    def promised(self) -> Seat:
        """A seat for a question that is on its way; it is nobody's any more where the question does not come in time."""
        seat = Seat()
        self._promised[seat] = time.monotonic() + ON_ITS_WAY
        return seat

    def give_back(self, seat: Seat | None) -> None:
        """A seat that is not needed after all is free for others at once."""
        if seat:
            self._promised.pop(seat, None)

    @contextlib.asynccontextmanager
    async def turn(self, seat: Seat | None = None) -> AsyncIterator[None]:
        """One question's turn, in the seat that was promised to it. Raises `BusyError` where the house is full."""
        had_seat = seat is not None and self._promised.pop(seat, None) is not None
        if not had_seat and self.full:
            raise BusyError(labels("problems")["busy"])
        self._inside += 1
        try:
            async with self._answering:
                yield
        finally:
            self._inside -= 1
