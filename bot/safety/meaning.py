"""Whether a question asks "what if", or for what only the own care team can say, by its meaning.

Linear models over the encoder's vector of the question. They come after the safety net, which needs no encoder, and add to it. A
danger is not theirs to see, and one that a rule saw or that the net is sure of not theirs to doubt; of one that is doubtful the
second model says whether it is any.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self
from zipfile import BadZipFile

from bot.safety.assessment import Assessment
from bot.safety.level import Level
from ingest.errors import ModelError

if TYPE_CHECKING:
    import numpy as np

FILE = "meaning.npz"

# From these probabilities on it speaks, chosen on the development set.
CONDITIONAL = 0.4
PERSONAL = 0.4

# A doubtful danger is none where the meaning gives it less than this, chosen on the development set and on texts of real people.
DANGER = 0.05


@dataclass(frozen=True)
class Meaning:
    """Multinomial logistic regression: `weights` has a row for each of `levels`, a column for each number of a vector.

    `danger`: the weights of another one, for a danger of any kind, and its intercept as the last number.
    """

    levels: tuple[Level, ...]
    weights: "np.ndarray" = field(repr=False)
    intercept: "np.ndarray" = field(repr=False)
    danger: "np.ndarray" = field(repr=False)

    @classmethod
    def from_tuning(cls, folder: Path | None) -> Self | None:
        """That of a tuning; none where there is no such file: the encoder was not tuned, or before this was fitted."""
        if folder is None or not (folder / FILE).is_file():
            return None
        import numpy as np

        try:
            with np.load(folder / FILE) as arrays:
                levels = tuple(Level(str(name)) for name in arrays["levels"])
                return cls(levels, *(arrays[name].astype(np.float32) for name in ("weights", "intercept", "danger")))
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise ModelError(f"{folder / FILE} can't be read: run cancer-bot tune, or remove it.") from error

    def save(self, folder: Path) -> None:
        """Write it beside the tuned encoder whose vectors it was fitted on."""
        import numpy as np

        levels = np.array([level.value for level in self.levels])
        np.savez_compressed(folder / FILE, levels=levels, weights=self.weights, intercept=self.intercept, danger=self.danger)

    def probabilities(self, vector: Sequence[float]) -> dict[Level, float]:
        """For the encoder's vector of a question the probability, 0 to 1, of each level."""
        import numpy as np

        logits = self.weights @ np.asarray(vector, dtype=np.float32) + self.intercept
        terms = np.exp(logits - logits.max())
        return dict(zip(self.levels, (terms / terms.sum()).tolist(), strict=True))

    def confirmed(self, assessment: Assessment, vector: Sequence[float]) -> Assessment:
        """The assessment without its doubtful danger, where the question's vector has nothing of one."""
        import numpy as np

        if assessment.otherwise is None:
            return assessment
        logit = float(self.danger[:-1] @ np.asarray(vector, dtype=np.float32) + self.danger[-1])
        is_none = 1 / (1 + np.exp(-logit)) < DANGER
        return replace(assessment, level=assessment.otherwise if is_none else assessment.level, otherwise=None)

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
