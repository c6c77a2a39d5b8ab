"""What an optional language model made of a question set: how many answers it wrote, why the others fell back, its follow-ups."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.figures import Figure, rate
from bot.plainer import WRITTEN
from bot.results import Result
from bot.rewriting import REWRITTEN

# The row of the scoreboard in which the same program does without the model's stand-alone questions.
RULES = "follow-ups as they are"


@dataclass(frozen=True)
class Uses:
    """A use that a model was put to: the share of cases in which what it said was used, and why it was not, with counts."""

    used: Figure
    fell_back: Mapping[str, int]

    @classmethod
    def of(cls, became: Sequence[str], name: str) -> "Uses":
        """From what became of each case, where `name` says that what the model said was used."""
        reasons = Counter(one for one in became if one != name)
        return cls(rate([one == name for one in became]), dict(reasons.most_common()))

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {"used": self.used.as_dict(), "fell_back": sum(self.fell_back.values()), "reasons": dict(self.fell_back)}


@dataclass(frozen=True)
class ModelFigures:
    """`answers`: over the answered questions. `follow_ups`: over those that it was asked to rewrite.

    `dropped`: how many written sentences fell, by what they failed.
    """

    answers: Uses
    follow_ups: Uses
    dropped: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        dropped = dict(self.dropped)
        return {"answers": self.answers.as_dict(), "follow_ups": self.follow_ups.as_dict(), "sentences_dropped": dropped}

    def lines(self) -> tuple[str, ...]:
        """For a person, a line for each use and one for the sentences that fell."""
        lines = (
            _line("Answers", self.answers, "written by the language model"),
            _line("Follow-ups", self.follow_ups, "rewritten by it"),
            f"Written sentences dropped: {_counted(self.dropped)}." if self.dropped else "",
        )
        return tuple(line for line in lines if line)


def model_figures(results: Sequence[Result]) -> ModelFigures | None:
    """The figures over a set's results; None where no model was configured."""
    answered = [result.wording for result in results if result.answered and result.wording is not None]
    follow_ups = [str(result.follow_up) for result in results if result.rewriting_asked]
    if not answered and not follow_ups:
        return None
    dropped = sum((Counter(result.dropped) for result in results), Counter[str]())
    return ModelFigures(
        Uses.of(answered, WRITTEN),
        Uses.of(follow_ups, REWRITTEN),
        dict(dropped.most_common()),
    )


def _line(what: str, uses: Uses, how: str) -> str:
    used = uses.used
    if used.value is None or used.low is None or used.high is None:
        return f"{what}: none to be {how}."
    share = f"{100 * used.value:.1f} % ({100 * used.low:.1f} to {100 * used.high:.1f})"
    why = f": {_counted(uses.fell_back)}" if uses.fell_back else ""
    return f"{what}: {share} of {used.n} {how}, {sum(uses.fell_back.values())} fell back{why}."


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
