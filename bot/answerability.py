"""Does the article answer this? A calibrated probability from several signals; its numbers live in a data file."""

import math
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.retrieval import Candidate, Found
from ingest.errors import ModelError
from ingest.experience import SCALE

FILE = "answerability.json"

# From this cosine on a question is about the same as one of the bank.
KNOWN_WELL = 0.85

# Share of a question's neighbours in the bank that take something false for granted, from which on it does, too: chosen on
# the development set, where it finds a third of them and raises an alarm on 0.6 % of the others.
PREMISE_SHARE = 0.2


class Band(Enum):
    """What the probability allows to be said."""

    ANSWERED = "answered"
    NEAR = "near"
    NOT_COVERED = "not_covered"
    OFF_TOPIC = "off_topic"


class Weighted(BaseModel):
    """A logistic regression over signals by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intercept: float
    weights: dict[str, float]

    def probability(self, values: dict[str, float]) -> float:
        """0 to 1."""
        logit = self.intercept + sum(weight * values[name] for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, logit))))


class Calibration(BaseModel):
    """Fitted numbers: whether the article answers, whether the question is on its topic, and the lowest value of each band.

    `curve` has, from cross-validation, (threshold, share of answerable answered, share of the others silent).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    answers: Weighted
    topic: Weighted
    answered: float
    near: float
    on_topic: float
    fitted: str
    data_sha256: str
    curve: tuple[tuple[float, float, float], ...] = ()


@dataclass(frozen=True)
class Judgement:
    """The probability, 0 to 1, that the article answers the question, and its band."""

    probability: float
    band: Band


def signals(found: Found) -> dict[str, float]:
    """What the probability is made from, by name; those of a tuned encoder only where there is one."""
    best = max((candidate.dense for candidate in found.candidates), default=-1.0)
    values = {
        "sentence": best,
        "passage": found.passage_dense,
        "lexical": math.tanh(max((c.lexical for c in found.candidates), default=0.0) / 6),
        "coverage": found.coverage,
        "known": found.known,
    }
    if found.nothing is not None and found.neighbours is not None:
        values |= {
            "margin": best - found.nothing,
            "mass": _mass(found.candidates) - SCALE * found.nothing,
            "nearest answered": found.neighbours.answered,
            "nearest missed": found.neighbours.missed,
            "vote": found.neighbours.vote,
            # A question that is all but one of the bank, and whose neighbours agree, is answered, though many like it are not.
            "vouched": found.neighbours.vote * found.neighbours.answered,
            "known well": found.neighbours.vote * max(0.0, found.neighbours.answered - KNOWN_WELL),
        }
    return values


def takes_for_granted(found: Found) -> bool:
    """Whether the question is like those of the bank that take for granted what the document contradicts."""
    return found.neighbours is not None and found.neighbours.premise >= PREMISE_SHARE


def _mass(candidates: tuple[Candidate, ...]) -> float:
    """Logarithm of the sum of all candidates' softmax terms: many that are near count, too."""
    top = max((candidate.dense for candidate in candidates), default=0.0)
    return SCALE * top + math.log(sum(math.exp(SCALE * (c.dense - top)) for c in candidates) or 1.0)


@cache
def calibration(tuning: Path | None = None) -> Calibration:
    """The numbers fitted for a tuning, or for the base weights. Raises `ModelError` where they can't be read."""
    try:
        data = (tuning / FILE).read_bytes() if tuning else resources.files("bot").joinpath(FILE).read_bytes()
        return Calibration.model_validate_json(data)
    except (OSError, ValidationError) as error:
        raise ModelError(f"The fitted numbers in {tuning or 'bot'}/{FILE} can't be read: run cancer-bot tune.") from error


def judge(found: Found, fitted: Calibration) -> Judgement:
    """How probable it is that the article answers, and what may be said."""
    values = signals(found)
    probability = fitted.answers.probability(values)
    if probability >= fitted.answered:
        return Judgement(probability, Band.ANSWERED)
    if fitted.topic.probability(values) < fitted.on_topic:
        return Judgement(probability, Band.OFF_TOPIC)
    return Judgement(probability, Band.NEAR if probability >= fitted.near else Band.NOT_COVERED)
