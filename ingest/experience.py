"""What a question bank leaves for the time of answering: the "nothing here" score, and the bank's questions as vectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import ModelError

if TYPE_CHECKING:
    import numpy as np

FILE = "experience.safetensors"

# The scale of the softmax that the encoder is tuned with: cosines times this are comparable with logits.
SCALE = 20.0

# Vectors of the bank's questions are stored as whole numbers; a unit vector's parts lie within ±1.
STEPS = 127.0

# Fills the rows of questions that fewer sentences answer than the one that most do.
NONE = -1


@dataclass(frozen=True)
class Neighbours:
    """How near the question is to known ones, as cosines: the nearest answered one, the nearest near-miss; and their votes.

    The VOTERS nearest vote, each counted by the exponential of its cosine times SCALE: `vote` is the share of those that are
    answered, `premise` the share of those that take for granted what the document contradicts, `sentences` the share of those
    that a sentence answers, by its place among the document's sentences (0 where it isn't named).
    """

    answered: float
    missed: float
    vote: float
    premise: float
    sentences: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Experience:
    """`null_vector · question + null_bias` compares with a cosine; `questions` has one unit vector per row.

    `evidence` has a row per question, too: the places of the sentences that answer it among those of the document, then NONE.
    """

    null_vector: "np.ndarray"
    null_bias: float
    questions: "np.ndarray"
    evidence: "np.ndarray"
    premise: "np.ndarray"

    VOTERS = 12

    @cached_property
    def answered(self) -> "np.ndarray":
        """Whether each question is answered by any sentence."""
        answered: np.ndarray = (self.evidence != NONE).any(axis=1)
        return answered

    def null_score(self, vector: Sequence[float]) -> float:
        """The score of "nothing here answers this"."""
        return float(self.null_vector @ vector) + self.null_bias

    def neighbours(self, vector: Sequence[float]) -> Neighbours:
        """How a question lies among the bank's."""
        import numpy as np

        cosines = self.questions @ np.asarray(vector, dtype=np.float32)
        nearest = np.argpartition(cosines, -self.VOTERS)[-self.VOTERS :]
        weights = np.exp(SCALE * (cosines[nearest] - cosines[nearest].max()))
        return Neighbours(
            answered=float(cosines[self.answered].max(initial=-1.0)),
            missed=float(cosines[~self.answered].max(initial=-1.0)),
            vote=float(weights[self.answered[nearest]].sum() / weights.sum()),
            premise=float(weights[self.premise[nearest]].sum() / weights.sum()),
            sentences=_shares(self.evidence[nearest], weights / weights.sum()),
        )


def _shares(evidence: "np.ndarray", weights: "np.ndarray") -> dict[int, float]:
    """The summed weights of the rows that name a place, by place."""
    shares: dict[int, float] = {}
    for places, weight in zip(evidence.tolist(), weights.tolist(), strict=True):
        for place in places:
            if place != NONE:
                shares[place] = shares.get(place, 0.0) + weight
    return shares


def evidence_rows(targets: Sequence[Sequence[int]]) -> "np.ndarray":
    """The places of each question's sentences as rows of equal length, filled up with NONE."""
    import numpy as np

    rows = np.full((len(targets), max((len(places) for places in targets), default=0) or 1), NONE, dtype=np.int16)
    for row, places in zip(rows, targets, strict=True):
        row[: len(places)] = places
    return rows


def write_experience(folder: Path, experience: Experience) -> None:
    """Write it as one file of a few megabytes."""
    import numpy as np
    from safetensors.numpy import save_file

    arrays = {
        "null_vector": experience.null_vector.astype(np.float32),
        "null_bias": np.array([experience.null_bias], dtype=np.float32),
        "questions": np.round(experience.questions * STEPS).astype(np.int8),
        "evidence": experience.evidence.astype(np.int16),
        "premise": experience.premise.astype(np.uint8),
    }
    save_file(arrays, folder / FILE)


def read_experience(folder: Path) -> Experience:
    """Read it. Raises `ModelError` where it can't be."""
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(folder / FILE)
        questions = arrays["questions"].astype(np.float32)
        return Experience(
            null_vector=arrays["null_vector"],
            null_bias=float(arrays["null_bias"][0]),
            questions=questions / np.linalg.norm(questions, axis=1, keepdims=True),
            evidence=arrays["evidence"],
            premise=arrays["premise"].astype(bool),
        )
    except (OSError, SafetensorError) as error:
        raise ModelError(f"The tuning in {folder} lacks {FILE}: run cancer-bot tune, or remove that folder.") from error
    except (KeyError, ValueError, IndexError) as error:
        raise ModelError(f"{folder / FILE} is of another version: run cancer-bot tune, or remove that folder.") from error
