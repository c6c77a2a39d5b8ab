"""What is settled before any search: questions that can't be asked, small talk, and other scripts than the article's."""

import re
import unicodedata
from collections.abc import Sequence

from ingest.words import words

QUESTION_CHARACTERS = 4000

# A conversation leans on no more than so many of its last lines.
EARLIER = 40

_BOT = r"(?:real |human |actual )?(?:bot|robot|doctor|nurse|human|person|ai|machine|computer|chatbot|program|real)"
_FEELING = (
    r"(?:i(?: am|'m|m)|im|i feel|we(?: are|'re)|feeling) (?:(?:so|very|really|just|all|a bit|quite) )*"
    r"(?:scared|afraid|frightened|terrified|worried|anxious|nervous|sad|lost|overwhelmed|in shock|shocked|heartbroken|devastated)"
)
_SMALL_TALK = {
    "greeting": (r"(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening|day))(?: (?:there|again|everyone|bot))?",),
    "thanks": (
        (
            r"(?:ok |okay |great |oh |many )?(?:thank you|thanks?|thx|cheers|ta)"
            r"(?: (?:so much|very much|a lot|kindly|again|for .{1,60}))*"
        ),
    ),
    "farewell": (r"(?:ok |okay |well )?(?:good ?bye|bye(?: (?:bye|now|for now))?|see you(?: later)?|good night|take care)",),
    "feelings": (
        (
            rf"(?:{_FEELING}(?: (?:and|but) )?)+(?: (?:right now|now|today|of (?:all )?(?:this|it|dying|death|what comes)|"
            r"about (?:all )?(?:this|it)))?(?: and (?:i |we )?(?:do not|don't|dont) know what to do)?"
        ),
    ),
    "about_the_bot": (
        r"(?:so |hi |hello )?(?:who|what) (?:are|r) (?:you|u)",
        rf"(?:are|r) (?:you|u) (?:a |an )?{_BOT}(?: or .{{1,30}})?",
        r"what (?:can|do) (?:you|u) (?:do|know|answer|help with)(?: .{1,30})?",
        r"how (?:do|does) (?:you|this|this bot|it) work|what(?: i|')s this (?:bot|program|chatbot)",
        r"can i ask (?:you )?(?:a question|something)|help",
        r"(?:so )?(?:do )?(?:you|u) (?:just |only )+(?:know|have|use|read) .{1,40}",
        r"how do (?:you|u) know(?: (?:that|this|it|all (?:this|that)|that (?:this|it)|your answers?)(?: (?:is|are))?(?: \w+)?)?",
        r"can i (?:trust|believe) (?:you|u|this)|are (?:you|u) sure",
        r"where (?:do|does) (?:you|u|your|this|the)(?: \w+){0,4} (?:come from|get (?:it|this|that|your .{1,20}))(?: from)?",
    ),
}
_OF_A_THING = re.compile(r"how (?:do|does) (?:this|it) work")
_CLAUSE_END = re.compile(r"[.!?,;:\n]+")
_SMALL_TALK_PATTERNS = {name: re.compile("|".join(said)) for name, said in _SMALL_TALK.items()}


def unreadable(question: str) -> tuple[str, dict[str, object]] | None:
    """Why a question can't be taken: the name of a text in `prompts/` and what fills it. None where it can."""
    if found := _not_text(question):
        return "invalid_text", {"found": found}
    if not any(character.isalnum() for character in question):
        return "invalid_empty", {}
    if len(question) > QUESTION_CHARACTERS:
        return "invalid_long", {"length": len(question), "limit": QUESTION_CHARACTERS}
    return None


def _not_text(question: str) -> str:
    """The first characters that are no text, by their code: control characters and halves of broken encodings."""
    bad = [c for c in question if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\r\t"]
    return ", ".join(dict.fromkeys(f"U+{ord(c):04X}" for c in bad[:20]))


def small_talk(question: str, *, follows: bool = False) -> str | None:
    """The name of the text that answers a greeting, thanks, a feeling or a question about the bot; None for anything else.

    Of several in one line ("thank you, good bye") the last counts. `follows`: there were questions before, and "how does it
    work?" asks of what was spoken of.
    """
    if follows and _OF_A_THING.fullmatch(" ".join(words(question))):
        return None
    whole = _small_talk(question)
    if whole:
        return whole
    found = [_small_talk(clause) for clause in _CLAUSE_END.split(question) if words(clause)]
    return found[-1] if found and all(found) else None


def _small_talk(said: str) -> str | None:
    plain = " ".join(words(said))
    return next((name for name, pattern in _SMALL_TALK_PATTERNS.items() if pattern.fullmatch(plain)), None)


def other_script(question: str) -> bool:
    """Whether most letters of a question are of another script than Latin."""
    letters = [character for character in question if character.isalpha()]
    latin = sum(unicodedata.name(character, "").startswith(("LATIN", "FULLWIDTH LATIN")) for character in letters)
    return bool(letters) and latin < len(letters) / 2


def readable_previous(previous: Sequence[str]) -> tuple[str, ...]:
    """The earlier questions that a follow-up may lean on."""
    return tuple(question for question in previous[-EARLIER:] if not unreadable(question) and not small_talk(question))
