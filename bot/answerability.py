"""Does the article answer this? A calibrated score; its numbers live in a data file beside this module."""

import math
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict

from bot.retrieval import Found


class Band(Enum):
    """What the score allows to be said."""

    ANSWERED = "answered"
    NEAR = "near"
    NOT_COVERED = "not_covered"
    OFF_TOPIC = "off_topic"


class Calibration(BaseModel):
    """A logistic regression over the signals, and the lowest probability of each band."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    intercept: float
    coefficients: dict[str, float]
    answered: float
    near: float
    on_topic: float


@dataclass(frozen=True)
class Judgement:
    """The probability, 0 to 1, that the article answers the question, and its band."""

    probability: float
    band: Band


def signals(found: Found) -> dict[str, float]:
    """What the score is made from, by name; all zero where nothing was found."""
    best = found.candidates[0] if found.candidates else None
    return {
        "best": best.score if best else 0.0,
        "dense": max((candidate.dense for candidate in found.candidates[:5]), default=0.0),
        "coverage": found.coverage,
    }


@cache
def calibration() -> Calibration:
    """The fitted numbers."""
    return Calibration.model_validate_json(resources.files("bot").joinpath("answerability.json").read_bytes())


def judge(found: Found) -> Judgement:
    """How probable it is that the article answers, and what may be said."""
    fitted = calibration()
    values = signals(found)
    logit = fitted.intercept + sum(weight * values[name] for name, weight in fitted.coefficients.items())
    probability = 1 / (1 + math.exp(-logit))
    if probability >= fitted.answered:
        return Judgement(probability, Band.ANSWERED)
    if probability >= fitted.near:
        return Judgement(probability, Band.NEAR)
    return Judgement(probability, Band.NOT_COVERED if probability >= fitted.on_topic else Band.OFF_TOPIC)
