"""A question on its way through the chain."""

import time
from dataclasses import dataclass, field
from functools import partial

from bot.answerability import Judgement
from bot.retrieval import Found
from bot.safety.assessment import Assessment
from bot.safety.level import Level
from bot.verbatim import Slice
from bot.verification import Cited


@dataclass(frozen=True)
class Turn:
    """A question on its way: what was asked, after which earlier questions (oldest first), and what is known so far.

    `by_rules`: the stand-alone question as the rules have it; `standalone`: the one that is looked up, in its context or as a
    language model has put it; `told`: the one that a model which rewords the answer gets, with no more of the earlier lines than
    the rules take. `slices`: what is to answer; `cited`: what of it resolves. `about`: it asks about the article.
    """

    question: str
    previous: tuple[str, ...] = ()
    begun: float = field(default_factory=time.perf_counter)
    standalone: str = ""
    by_rules: str = ""
    told: str = ""
    more: int = 0
    found: Found | None = None
    assessment: Assessment = field(default_factory=partial(Assessment, Level.NONE))
    judgement: Judgement | None = None
    about: str | None = None
    slices: tuple[Slice, ...] = ()
    cited: Cited = ((), ())
