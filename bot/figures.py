"""The arithmetic of the scoreboard: rates, means, medians and AUROC, each with what is known of its error."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

RESAMPLES = 1000
SEED = 0

# Percentiles that a 95 % interval lies between.
BETWEEN = (2.5, 97.5)


@dataclass(frozen=True)
class Figure:
    """A figure over `n` things, with the ends of its 95 % interval where it has one; no value over nothing."""

    value: float | None
    low: float | None
    high: float | None
    n: int

    def as_dict(self) -> dict[str, float | int | None]:
        """As JSON, to four decimals: no set is large enough for more."""
        value, low, high = (None if part is None else round(part, 4) for part in (self.value, self.low, self.high))
        return {"value": value, "low": low, "high": high, "n": self.n}


NOTHING = Figure(None, None, None, 0)


def rate(hits: Sequence[bool]) -> Figure:
    """Share of hits, 0 to 1, with Wilson's interval (Wilson 1927)."""
    if not hits:
        return NOTHING
    interval = binomtest(sum(hits), len(hits)).proportion_ci(method="wilson")
    return Figure(sum(hits) / len(hits), float(interval.low), float(interval.high), len(hits))


def mean(values: Sequence[float]) -> Figure:
    """Mean with a bootstrap percentile interval (Efron 1979), the same at every run."""
    if not values:
        return NOTHING
    given = np.asarray(values, dtype=float)
    drawn = np.random.default_rng(SEED).choice(given, (RESAMPLES, len(given))).mean(axis=1)
    return _figure(float(given.mean()), drawn, len(given))


def median(values: Sequence[float]) -> Figure:
    """Median, without an interval."""
    return Figure(float(np.median(values)), None, None, len(values)) if values else NOTHING


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> Figure:
    """Probability that a positive scores higher than a negative, ties as half, with a bootstrap percentile interval.

    Both sides are resampled by themselves, so that every resample has both.
    """
    if not positives or not negatives:
        return NOTHING
    high, low = np.asarray(positives, dtype=float)[:, None], np.asarray(negatives, dtype=float)[None, :]
    wins = (high > low) + 0.5 * (high == low)
    generator = np.random.default_rng(SEED)
    counts = [generator.multinomial(n, np.full(n, 1 / n), RESAMPLES) for n in wins.shape]
    drawn = ((counts[0] @ wins) * counts[1]).sum(axis=1) / wins.size
    return _figure(float(wins.mean()), drawn, sum(wins.shape))


def _figure(value: float, drawn: "np.ndarray", n: int) -> Figure:
    low, high = np.percentile(drawn, BETWEEN)
    return Figure(value, float(low), float(high), n)
