"""How much one client may ask in a minute, and how many questions may be in the house at once. All of it is kept in memory."""

import contextlib
import math
import threading
import time
from collections.abc import Iterator

from ingest.errors import CancerBotError
from prompts import labels


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


class Turnstile:
    """Lets a few questions through at a time and a bounded number wait; who comes after that is told at once."""

    def __init__(self, at_a_time: int, waiting: int) -> None:
        """`at_a_time`: answered together; `waiting`: may wait beside them."""
        self._room = at_a_time + waiting
        self._inside = 0
        self._counting = threading.Lock()
        self._answering = threading.Semaphore(at_a_time)

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """One question's turn. Raises `BusyError` where the house is full."""
        with self._counting:
            if self._inside >= self._room:
                raise BusyError(labels("problems")["busy"])
            self._inside += 1
        try:
            with self._answering:
                yield
        finally:
            with self._counting:
                self._inside -= 1
