"""How much one client may ask: a moving window of a minute, kept in memory under the client's address."""

import math
import time

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
