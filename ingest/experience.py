"""What a question bank leaves for the time of answering: the "nothing here" score, and the bank's questions as vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import ModelError

if TYPE_CHECKING:
    import numpy as np

FILE = "experience.safetensors"

# Vectors of the bank's questions are stored as whole numbers; a unit vector's parts lie within ±1.
STEPS = 127.0


@dataclass(frozen=True)
class Neighbours:
    """How near the question is to known ones, as cosines: the nearest answered one, the nearest near-miss; and their votes.

    The VOTERS nearest vote, each counted by the exponential of its cosine times 20: `vote` is the share of those that are
    answered, `premise` the share of those that take for granted what the document contradicts.
    """

    answered: float
    missed: float
    vote: float
    premise: float


@dataclass(frozen=True)
class Experience:
    """`null_vector · question + null_bias` compares with a cosine; `questions` has one unit vector per row."""

    null_vector: "np.ndarray"
    null_bias: float
    questions: "np.ndarray"
    answered: "np.ndarray"
    premise: "np.ndarray"

    VOTERS = 12

    def null_score(self, vector: Sequence[float]) -> float:
        """The score of "nothing here answers this"."""
        return float(self.null_vector @ vector) + self.null_bias

    def neighbours(self, vector: Sequence[float]) -> Neighbours:
        """How a question lies among the bank's."""
        import numpy as np

        cosines = self.questions @ np.asarray(vector, dtype=np.float32)
        nearest = np.argpartition(cosines, -self.VOTERS)[-self.VOTERS :]
        weights = np.exp(20 * (cosines[nearest] - cosines[nearest].max()))
        return Neighbours(
            answered=float(cosines[self.answered].max(initial=-1.0)),
            missed=float(cosines[~self.answered].max(initial=-1.0)),
            vote=float(weights[self.answered[nearest]].sum() / weights.sum()),
            premise=float(weights[self.premise[nearest]].sum() / weights.sum()),
        )


def write_experience(folder: Path, experience: Experience) -> None:
    """Write it as one file of a few megabytes."""
    import numpy as np
    from safetensors.numpy import save_file

    arrays = {
        "null_vector": experience.null_vector.astype(np.float32),
        "null_bias": np.array([experience.null_bias], dtype=np.float32),
        "questions": np.round(experience.questions * STEPS).astype(np.int8),
        "answered": experience.answered.astype(np.uint8),
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
    except (OSError, SafetensorError) as error:
        raise ModelError(f"The tuning in {folder} lacks {FILE}: run cancer-bot tune, or remove that folder.") from error
    questions = arrays["questions"].astype(np.float32)
    questions /= np.linalg.norm(questions, axis=1, keepdims=True)
    return Experience(
        null_vector=arrays["null_vector"],
        null_bias=float(arrays["null_bias"][0]),
        questions=questions,
        answered=arrays["answered"].astype(bool),
        premise=arrays["premise"].astype(bool),
    )
