"""Whether a question asks "what if", or for what only the own care team can say, by its meaning.

A linear model over the encoder's vector of the question. It comes after the safety net, which needs no encoder, and adds
to it; a danger is never its to judge.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self
from zipfile import BadZipFile

from bot.safety.assessment import Assessment, Level
from ingest.errors import ModelError

if TYPE_CHECKING:
    import numpy as np

FILE = "meaning.npz"

# From these probabilities on it speaks, chosen on the development set.
CONDITIONAL = 0.4
PERSONAL = 0.4


@dataclass(frozen=True)
class Meaning:
    """Multinomial logistic regression: `weights` has a row for each of `levels`, a column for each number of a vector."""

    levels: tuple[Level, ...]
    weights: "np.ndarray" = field(repr=False)
    intercept: "np.ndarray" = field(repr=False)

    @classmethod
    def from_tuning(cls, folder: Path | None) -> Self | None:
        """That of a tuning; none where there is no such file: the encoder was not tuned, or before this was fitted."""
        if folder is None or not (folder / FILE).is_file():
            return None
        import numpy as np

        try:
            with np.load(folder / FILE) as arrays:
                levels = tuple(Level(str(name)) for name in arrays["levels"])
                return cls(levels, arrays["weights"].astype(np.float32), arrays["intercept"].astype(np.float32))
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise ModelError(f"{folder / FILE} can't be read: run cancer-bot tune, or remove it.") from error

    def save(self, folder: Path) -> None:
        """Write it beside the tuned encoder whose vectors it was fitted on."""
        import numpy as np

        levels = np.array([level.value for level in self.levels])
        np.savez_compressed(folder / FILE, levels=levels, weights=self.weights, intercept=self.intercept)

    def probabilities(self, vector: Sequence[float]) -> dict[Level, float]:
        """For the encoder's vector of a question the probability, 0 to 1, of each level."""
        import numpy as np

        logits = self.weights @ np.asarray(vector, dtype=np.float32) + self.intercept
        terms = np.exp(logits - logits.max())
        return dict(zip(self.levels, (terms / terms.sum()).tolist(), strict=True))

    def refined(self, assessment: Assessment, vector: Sequence[float]) -> Assessment:
        """The assessment, raised to conditional or personal where the net saw less and the meaning says so."""
        if assessment.level not in (Level.PERSONAL, Level.NONE):
            return assessment
        found = self.probabilities(vector)
        if found[Level.CONDITIONAL] >= CONDITIONAL and found[Level.CONDITIONAL] > found[Level.PERSONAL]:
            return replace(assessment, level=Level.CONDITIONAL)
        if assessment.level is Level.NONE and found[Level.PERSONAL] >= PERSONAL:
            return replace(assessment, level=Level.PERSONAL)
        return assessment
