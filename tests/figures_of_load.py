"""What a load test found, as figures: how fast, how right, and whether memory grows."""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

# Share of the time after which the server counts as warm.
WARM_UP = 0.25
MIB = 2**20


@dataclass(frozen=True)
class Sample:
    """The server's memory at a moment. `seconds` since the beginning, `answered`: questions so far, `rss`: bytes."""

    seconds: float
    answered: int
    rss: int


class Answered(Protocol):
    """An answer as the figures see it."""

    @property
    def seconds(self) -> float: ...
    @property
    def reply(self) -> dict[str, Any] | None: ...
    @property
    def said(self) -> str: ...
    @property
    def busy(self) -> bool: ...


def figures(
    asked: Sequence[Answered], burst: Sequence[Answered], wrong: Sequence[str], samples: Sequence[Sample], seconds: float
) -> dict[str, Any]:
    """`asked`: by people who pause; `burst`: in one moment; latencies in milliseconds, memory in MiB."""
    answered = [one.seconds for one in asked if one.reply]
    together = [*asked, *burst]
    busy = [one.seconds for one in together if one.busy]
    errors = Counter(one.said for one in together if not one.reply and not one.busy)
    return {
        "questions": len(asked),
        "questions_per_second": round(len(answered) / seconds, 2),
        **{f"p{rank}_ms": _percentile(answered, rank) for rank in (50, 95, 99)},
        "slowest_ms": round(max(answered, default=0.0) * 1000),
        "busy": sum(one.busy for one in asked),
        "burst": len(burst),
        "burst_busy": sum(one.busy for one in burst),
        "burst_slowest_answer_ms": round(max((one.seconds for one in burst if one.reply), default=0.0) * 1000),
        "slowest_busy_ms": round(max(busy, default=0.0) * 1000),
        "wrong": len(wrong),
        "errors": errors.total(),
        **_memory(samples, seconds),
        "first_wrong": wrong[0] if wrong else "",
        "first_errors": dict(errors.most_common(3)),
    }


def _percentile(seconds: Sequence[float], rank: int) -> int:
    return round(statistics.quantiles(seconds, n=100)[rank - 1] * 1000) if len(seconds) > 1 else 0


def _memory(samples: Sequence[Sample], seconds: float) -> dict[str, float]:
    """After the warm-up and at the end, without the burst; and the growth for a thousand questions, from a line through all."""
    warm = [sample for sample in samples if WARM_UP * seconds <= sample.seconds <= seconds]
    if len(warm) < 2 or warm[0].answered == warm[-1].answered:
        return {}
    slope = statistics.linear_regression([sample.answered for sample in warm], [sample.rss for sample in warm]).slope
    return {
        "rss_warm_mib": round(warm[0].rss / MIB, 1),
        "rss_end_mib": round(warm[-1].rss / MIB, 1),
        "rss_highest_mib": round(max(sample.rss for sample in samples) / MIB, 1),
        "rss_mib_per_1000_questions": round(slope * 1000 / MIB, 2),
    }
