"""Earlier questions and a new one → a question that stands alone, by rules that hold for any subject."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.words import is_function_word, words

# Said of things that were spoken of before. "He" and "she" are said of the person, who is no subject of a document.
_PRONOUN = re.compile(r"\b(?:it|its|this|that|these|those|they|them|their|theirs)\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
# "One" only where it stands for a thing: "the freezing one", "how do I join one?".
_STANDS_FOR = re.compile(
    r"""\b(?:there|ones|such|one(?=\W*$)|the\s(?:\w+\s)?one|another\sone|which\sone
        |the\s(?:same|others?)|either|both)\b""",
    re.IGNORECASE | re.VERBOSE,
)
# "Is it true that …", "does it hurt to …", "this article": words that look as if they pointed back, and do not.
_POINTS_NOWHERE = re.compile(
    r"""\b(?:is|was|does|would|will|makes?)\sit\s
            (?:true|possible|normal|ok|okay|worth|safe|help|hurt|matter|mean)\b.*\b(?:to|that|if|when)\b
      | \bit(?:['’]s|\sis)?\s(?:true|possible|normal|ok|okay)\b.*\b(?:to|that)\b
      | \bthat\s(?:is|are|was|were|has|have|can|will|may|the|my|i|we|he|she)\b
      | \bthis\s(?:article|page|text|bot|program)\b
      | \bthere\s(?:is|are|was|were|any)\b | \b(?:is|are|was|were)\sthere\b""",
    re.IGNORECASE | re.VERBOSE,
)
_CONTINUES = re.compile(
    r"\s*(?:and|but|so|or|what\sabout|how\sabout|what\sof|also|then|same\sfor|not\seven|even)\b", re.IGNORECASE
)
# "And he can't eat. Is there …": told of the person, not asked of the subject before.
_TELLS = re.compile(r"\s*(?:and|but|so|also|then)\s(?:i|we|he|she|they|my|our|his|her)\b", re.IGNORECASE)
_MORE = re.compile(
    r"""\W*(?:(?:and|ok(?:ay)?|yes|please|can\syou|could\syou)\W+)*
        (?: what\s(?:else|more) | anything\s(?:else|more) | tell\sme\smore | say\smore | explain\smore | go\son | continue
          | more(?:\s(?:please|details|information|info))?
          | (?:is|are)\sthere\s(?:anything|any|something)\s(?:else|more|other\w*)(?:\s\w+)?
          | any\s(?:more|others?)(?:\s\w+)? | other(?:\s\w+)? | else )
        (?:\sabout\s(?:it|this|that|them))?\W*""",
    re.IGNORECASE | re.VERBOSE,
)
# "And radiation?" after a question about one thing asks the same about another; "and for bones?" adds to it.
_INSTEAD = re.compile(
    r"""\W*(?:and|what\sabout|how\sabout|what\sof)\s(?:the\s)?
        (?P<thing>(?!(?:for|in|with|to|if|when|is|are|does|do|can|what|how|why|it|that|this)\b)[\w-]+(?:\s[\w-]+)?)\W*""",
    re.IGNORECASE | re.VERBOSE,
)
_CORRECTS = re.compile(
    r"""\W*(?:(?:no|nope|sorry|wait|not\sthat(?:\sone)?)\W+)*
        (?: i\s(?:really\s|actually\s)?(?:meant?|was\sasking|wanted)(?:\sto\s(?:ask|know))?(?:\sabout)?
          | not\sthat(?:\sone)? | no )\W+""",
    re.IGNORECASE | re.VERBOSE,
)
# Content words that name no subject: what people ask with, not what they ask about.
_ASKING = frozenset(
    """help helps mean means work works tell know explain happen happens use used uses using get give given say like want need
    make made called way ways thing things please doctor doctors patient patients people person someone question understand
    exactly really also hurt hurts treat treated treatment treatments would could should much many often usually might may
    long done take does put first else difference kind kinds type types sort purpose point example examples good bad okay
    sure wonder about dad mom mum father mother husband wife sister brother son daughter grandma grandpa friend""".split()
)

# With this many content words of its own a question stands alone, pronoun or not: its pronouns point inside it.
STANDS_ALONE = 7

# A topic of at most so many words can take a pronoun's place; a longer one goes before the question.
SHORT_TOPIC = 3
TOPIC_WORDS = 8

# A question of at most so many characters goes whole before one that names no subject, such as "Why?".
SHORT_QUESTION = 200


@dataclass(frozen=True)
class Standalone:
    """A question that stands alone; `more` counts how often it was followed by "what else?" or the like."""

    question: str
    more: int = 0


def standalone(question: str, previous: Sequence[str]) -> Standalone:
    """The question with what it takes from the earlier ones, oldest first, each of them read after those before it."""
    if not previous:
        return Standalone(question)
    before = standalone(previous[-1], previous[:-1])
    if _MORE.fullmatch(question):
        return Standalone(before.question, before.more + 1)
    corrected = _CORRECTS.match(question)
    said = question[corrected.end() :] if corrected and corrected.end() < len(question) else question
    # A correction that names its subject has just changed it: its "it" is that; "the freezing one" still needs the thing.
    renamed = corrected and subjects(said) and not _STANDS_FOR.search(said)
    if renamed or not leans(said):
        return Standalone(said)
    subject = topic(before.question)
    if (instead := _INSTEAD.fullmatch(said)) and subject and " " not in subject:
        return Standalone(before.question.replace(subject, instead["thing"]))
    return Standalone(_with_subject(said, subject, before.question) if subject else said)


def leans(question: str) -> bool:
    """Whether a question takes its subject from the one before it."""
    if len(content(question)) >= STANDS_ALONE:
        return False
    return not subjects(question) or _continues(question) or _points_back(question)


def _continues(question: str) -> bool:
    tells_first = _TELLS.match(question) and len(_SENTENCE_END.split(question.strip())) > 1
    return bool(_CONTINUES.match(question)) and not tells_first


def _points_back(question: str) -> bool:
    """Whether a word points at something, and no sentence of the question before it has named a subject."""
    for sentence in _SENTENCE_END.split(question):
        plain = _POINTS_NOWHERE.sub(" ", sentence)
        if _PRONOUN.search(plain) or _STANDS_FOR.search(plain):
            return True
        if subjects(sentence):
            return False
    return False


def content(question: str) -> list[str]:
    """The content words of a question, in order."""
    return [word for word in words(question) if not is_function_word(word)]


def subjects(question: str) -> list[str]:
    """The content words that say what a question is about."""
    return [word for word in content(question) if word not in _ASKING]


def topic(question: str) -> str:
    """What a question is about: its subjects, as they were typed."""
    typed = re.findall(r"[^\W_]+(?:[-'’][^\W_]+)*", question)
    named = [re.sub(r"['’]s$", "", word) for word in typed if word.lower() in subjects(question)]
    return " ".join(named[:TOPIC_WORDS])


def _with_subject(question: str, subject: str, before: str) -> str:
    """The subject in the place of the first pronoun where it is short; else it goes before the question.

    All of the earlier question goes there where the new one is bare: "Why?" asks for the reason of what was said.
    """
    pronoun = _PRONOUN.search(_POINTS_NOWHERE.sub(lambda match: " " * len(match[0]), question))
    if pronoun and len(subject.split()) <= SHORT_TOPIC:
        return f"{question[: pronoun.start()]}{subject}{question[pronoun.end() :]}".strip()
    if not subjects(question) and len(before) <= SHORT_QUESTION:
        return f"{before.strip()} {question.strip()}"
    return f"{subject}: {question.strip()}"
