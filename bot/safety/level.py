"""The classes of a question, as rules, nets and replies know them."""

from enum import StrEnum


class Level(StrEnum):
    """What a question is as to danger; the first that holds counts."""

    CRISIS = "crisis"
    EMERGENCY = "emergency"
    CONDITIONAL = "conditional"
    PERSONAL = "personal"
    NONE = "none"

    @property
    def is_danger(self) -> bool:
        """Whether somebody has to be called now."""
        return self in (Level.CRISIS, Level.EMERGENCY)
