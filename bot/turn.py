"""A question on its way through the chain."""

import time
from dataclasses import dataclass, field
from functools import partial

from bot.retrieval import Found
from bot.safety.assessment import Assessment, Level


@dataclass(frozen=True)
class Turn:
    """A question on its way: what was asked, after which earlier questions (oldest first), and what is known so far."""

    question: str
    previous: tuple[str, ...] = ()
    begun: float = field(default_factory=time.perf_counter)
    standalone: str = ""
    more: int = 0
    found: Found | None = None
    assessment: Assessment = field(default_factory=partial(Assessment, Level.NONE))
