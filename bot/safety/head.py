"""Unit vector of a text → how probable each level is: multinomial logistic regression, as it is kept in a file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self
from zipfile import BadZipFile

from bot.safety.level import Level
from ingest.errors import ModelError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Head:
    """`weights` has a row for each of `levels` and a column for each number of a vector, `intercept` a number for each level."""

    levels: tuple[Level, ...]
    weights: "np.ndarray" = field(repr=False)
    intercept: "np.ndarray" = field(repr=False)

    @classmethod
    def from_file(cls, file: Path, advice: str) -> Self:
        """Raises `ModelError` with that advice where it can't be read."""
        import numpy as np

        try:
            # Opened here: the library leaves a damaged file open.
            with file.open("rb") as stream, np.load(stream) as arrays:
                levels = tuple(Level(str(name)) for name in arrays["levels"])
                return cls(levels, *(arrays[name].astype(np.float32) for name in ("weights", "intercept")))
        except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
            raise ModelError(f"{file} can't be read: {advice}.") from error

    def save(self, file: Path) -> None:
        """Write it to a file that ends in .npz."""
        import numpy as np

        levels = np.array([level.value for level in self.levels])
        np.savez_compressed(file, levels=levels, weights=self.weights, intercept=self.intercept)

    def probabilities(self, vector: Sequence[float]) -> dict[Level, float]:
        """For a vector the probability, 0 to 1, of each level."""
        import numpy as np

        logits = self.weights @ np.asarray(vector, dtype=np.float32) + self.intercept
        terms = np.exp(logits - logits.max())
        return dict(zip(self.levels, (terms / terms.sum()).tolist(), strict=True))
