"""Whether a question asks "what if", or for what only the own care team can say, by its meaning.

A linear model over the encoder's vector of the question. It comes after the safety nets and adds to them; a danger is not its to
see or to doubt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from bot.safety.assessment import Assessment
from bot.safety.head import Head
from bot.safety.level import Level

FILE = "meaning.npz"

# From these probabilities on it speaks, chosen on the development set.
CONDITIONAL = 0.4
PERSONAL = 0.4


@dataclass(frozen=True)
class Meaning:
    """The model, over vectors of the encoder that it was fitted on."""

    head: Head

    @classmethod
    def from_tuning(cls, folder: Path | None) -> Self | None:
        """That of a tuning; none where there is no such file: the encoder was not tuned, or before this was fitted."""
        if folder is None or not (folder / FILE).is_file():
            return None
        return cls(Head.from_file(folder / FILE, "run cancer-bot tune, or remove it"))

    def refined(self, assessment: Assessment, vector: Sequence[float]) -> Assessment:
        """The assessment, raised to conditional or personal where the nets saw less and the meaning says so."""
        if assessment.level not in (Level.PERSONAL, Level.NONE):
            return assessment
        found = self.head.probabilities(vector)
        if found[Level.CONDITIONAL] >= CONDITIONAL and found[Level.CONDITIONAL] > found[Level.PERSONAL]:
            return replace(assessment, level=Level.CONDITIONAL)
        if assessment.level is Level.NONE and found[Level.PERSONAL] >= PERSONAL:
            return replace(assessment, level=Level.PERSONAL)
        return assessment
