"""What a question is, before anything is searched: a crisis, an emergency, a question about one, a personal one, or none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.conversation import leans
from bot.safety.context import palliative, peaceful, without_wish_to_live
from bot.safety.identifiers import holds_identifiers
from bot.safety.learnt import probabilities
from bot.safety.level import Level
from bot.safety.reading import plain
from bot.safety.rules import Sign, signs

# From these probabilities on the learnt net speaks, chosen on the development set. Danger: crisis and emergency together.
DANGER = 0.1

# A text of few words gives the net little to go by; without a rule's sign it has to be surer there, and surer still where the
# words lean on lines before them: "and the legs?".
FEW_WORDS = 8
DANGER_IN_FEW_WORDS = 0.35
DANGER_IN_A_SHORT_FOLLOW_UP = 0.5

# "I don't want to die": with fewer words than these beside it, nothing else was said.
NOTHING_ELSE = 3

# A danger that only the net saw lasts into the next line where it was this sure.
DANGER_THAT_LASTS = 0.8

# Talk of dying, hospice and stopping treatment has the words of a crisis; there the net has to be surer.
DANGER_IN_PALLIATIVE_TALK = 0.9

# A sign that a rule sees counts where the net finds its clause, read alone, at least this dangerous: "gave me a heart attack"
# names a sign and is none. What stands around the clause has no say, so nothing can talk a sign away.
DANGER_OF_SIGN = 0.1

# A danger that no rule saw and of which the net is no surer than this is doubtful: the question's meaning may speak against it.
SURE = 0.7
CONDITIONAL = 0.5
PERSONAL = 0.5


@dataclass(frozen=True)
class Assessment:
    """The class of a question, the signs that a rule saw in it, and whether it tells who somebody is.

    `otherwise`: what it would be if a danger that is doubtful were none; None where nothing is doubtful.
    """

    level: Level
    signs: tuple[str, ...] = ()
    identifiers: bool = False
    otherwise: Level | None = None


def assess(question: str, previous: Sequence[str] = ()) -> Assessment:
    """Assess a question after earlier ones, oldest first.

    A danger that was named is not over because the next line leans on it, plays it down or asks what to do.
    """
    found = _assessed(plain(question), DANGER, DANGER_IN_A_SHORT_FOLLOW_UP if previous else DANGER_IN_FEW_WORDS)
    if previous and not found.level.is_danger and leans(question):
        before = _assessed(plain(previous[-1]), DANGER_THAT_LASTS, DANGER_THAT_LASTS)
        if before.level.is_danger:
            found = before
    return replace(found, identifiers=holds_identifiers(question))


def _assessed(said: str, least: float, least_in_few_words: float) -> Assessment:
    text = without_wish_to_live(said)
    if text != said and len(text.split()) < NOTHING_ELSE:
        return Assessment(Level.NONE)
    seen = signs(text)
    found = [sign for sign in seen if sign.level is not Level.PERSONAL and _is_meant(sign)]
    names = tuple(dict.fromkeys(sign.name for sign in seen))
    learnt = probabilities(text)
    # The wish to die at home has the words of a crisis; there only a rule may see one.
    danger = learnt["emergency"] if peaceful(text) else _danger(learnt)
    enough = DANGER_IN_PALLIATIVE_TALK if palliative(text) else least
    if not seen and len(text.split()) <= FEW_WORDS:
        enough = max(enough, least_in_few_words)
    calm = _calm(seen, found, learnt)
    otherwise = calm if not found and danger < SURE else None
    crisis = any(sign.level is Level.CRISIS for sign in found)
    if crisis or (danger >= enough and learnt["crisis"] > learnt["emergency"] and not peaceful(text)):
        return Assessment(Level.CRISIS, names, otherwise=otherwise)
    if danger >= enough or any(not sign.supposed for sign in found):
        return Assessment(Level.EMERGENCY, names, otherwise=otherwise)
    return Assessment(calm, names)


def _calm(seen: Sequence[Sign], found: Sequence[Sign], learnt: dict[str, float]) -> Level:
    """The class of a question that is no danger."""
    if found or learnt["conditional"] >= CONDITIONAL:
        return Level.CONDITIONAL
    personal = any(sign.level is Level.PERSONAL for sign in seen) or learnt["personal"] >= PERSONAL
    return Level.PERSONAL if personal else Level.NONE


def _is_meant(sign: Sign) -> bool:
    return sign.explicit or _danger(probabilities(sign.said)) >= DANGER_OF_SIGN


def _danger(learnt: dict[str, float]) -> float:
    return learnt["crisis"] + learnt["emergency"]
