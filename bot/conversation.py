"""Earlier questions and a new one → a question that stands alone, by rules that hold for any subject."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingest.words import is_function_word, words

# Said of things that were spoken of before. "He" and "she" are said of the person, who is no subject of a document.
_PRONOUN = re.compile(r"\b(?:it|its|this|that|these|those|they|them|their|theirs)\b", re.IGNORECASE)
_IT = re.compile(r"\b(?:it|its|this|that)\b", re.IGNORECASE)
_CLAUSE_END = re.compile(r"(?<=[.!?,;])\s+")
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
      | \b(?:when|once|now|because)\s(?:it['’]?s|it\s(?:is|has))\b
      | \bthat\s(?:is|are|was|were|has|have|can|will|may|the|my|i|we|he|she)\b
      | \bthis\s(?:article|page|text|bot|program)\b | \b(?:wrote|made|published|updated)\s(?:this|it)\b
      | ,\s(?:is|are|was|does|do|did|has|have|can|will)(?:n['’]?t)?\s(?:it|that|they)\W*$
      | \b(?:is|are|was|does|do|did|has|have|ca|wo)n['’]?t\s(?:it|that|they)\W*$
      | \bthey(?:['’]ve)?\s(?:(?:all|also|just|have|had|only)\s)*
            (?:said|say|told|talk\w*|mention\w*|want\w*|suggest\w*|offer\w*|asked)\b
      | \bthere\s(?:is|are|was|were|any)\b | \b(?:is|are|was|were)\sthere\b""",
    re.IGNORECASE | re.VERBOSE,
)
_FIRST = re.compile(r"\b(?:(?:going\s|go\s)?back\sto\s)?the\sfirst\s(?:one|thing)\b", re.IGNORECASE)
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
    feel feels felt feeling left right true sure wonder about get gets got getting like likes liked idea see sees seen slow
    best better worse well go goes went going come comes keep keeps let lets find finds found stage something anything
    nothing everything maybe sorry again today now later soon week weeks month months year years day days old ones one two
    three second stuff bit lot dad mom mum father mother husband wife sister brother son
    daughter grandma grandpa friend""".split()
)

_ALL_OF_IT = frozenset({"cancer", "cancers", "tumor", "tumors", "tumour", "tumours", "treatment", "treatments"})

# A line of these words alone answers or thanks; nothing is asked with it.
_ACKNOWLEDGING = frozenset(
    """yes yeah yep yup no nope ok okay oh ah hmm well right sure fine thanks thank thx ta cheers you so much very that
    that's thats this is was it's its kind helpful useful good great lovely nice i i'm im see know understand got it hi
    hello hey sorry please alright really""".split()
)
_OPENS_WITH_OK = re.compile(r"\A\W*(?:(?:ok|okay|yes|yeah|oh|ah|hmm|thanks|thank\syou|thx)\b\W*)+(?=\w)", re.IGNORECASE)

# Whether the documents have a word, given in lower case.
Known = Callable[[str], object]

# With this many content words of its own a question stands alone, pronoun or not: its pronouns point inside it.
STANDS_ALONE = 7

# A topic of at most so many words can take a pronoun's place; a longer one goes before the question.
SHORT_TOPIC = 3
TOPIC_WORDS = 8

# A question of at most so many characters goes whole before one that names no subject, such as "Why?".
SHORT_QUESTION = 200


# How many of the earlier lines a question is read after, and what stands between lines.
CONTEXT = 2
BETWEEN = " / "


@dataclass(frozen=True)
class Standalone:
    """A question that stands alone; `more` counts how often it was followed by "what else?" or the like."""

    question: str
    more: int = 0


def standalone(question: str, previous: Sequence[str], known: Known = bool) -> Standalone:
    """The question with what it takes from the earlier ones, oldest first, each of them read after those before it.

    `known`: whether the documents have a word; an earlier line without such a word ("he hates the idea") is passed by.
    """
    stood: list[Standalone] = []
    for number, line in enumerate((*previous, question)):
        stood.append(_after(line, previous[:number], stood, known))
    return stood[-1]


def _after(question: str, previous: Sequence[str], stood: Sequence[Standalone], known: Known) -> Standalone:
    """A line after earlier ones; `stood`: those, as they stood alone. Reading each of them anew would cost 3 to the power n."""
    if not previous:
        return Standalone(question)
    if _MORE.fullmatch(question):
        return Standalone(stood[-1].question, stood[-1].more + 1)
    corrected = _CORRECTS.match(question)
    said = question[corrected.end() :] if corrected and corrected.end() < len(question) else _without_thanks(question)
    # "No, the other thing, the surgery for pain": its last words name it.
    if corrected and subjects(last := _CLAUSE_END.split(said)[-1]) and last.lower().startswith("the "):
        said = last
    # A correction that names its subject has just changed it: its "it" is that; "the freezing one" still needs the thing.
    renamed = corrected and subjects(said) and not _STANDS_FOR.search(said)
    if first := _FIRST.search(said):
        return Standalone(said.replace(first[0], topic(previous[0], known)))
    told, asked = _told_and_asked(said, known)
    if renamed or not leans(asked if told else said):
        return Standalone(said)
    before = _before(previous, stood, known)
    subject = topic(before.question, known)
    # Not "cancer": everything here is of that, and "and the symptoms?" asks of it.
    if (instead := _INSTEAD.fullmatch(said)) and subject and " " not in subject and subject.lower() not in _ALL_OF_IT:
        return Standalone(before.question.replace(subject, instead["thing"]))
    return Standalone(f"{told}{_with_subject(asked, subject, before.question)}" if subject else said)


def followed(question: str, previous: Sequence[str]) -> Standalone:
    """The question in its context, or alone where it says enough itself; `more`: how often it was only asked for more since."""
    lines = [*previous, question]
    while len(lines) > 1 and _MORE.fullmatch(lines[-1]):
        lines.pop()
    *before, last = lines
    enough = not before or len(content(last)) >= STANDS_ALONE
    return Standalone(last if enough else in_context(last, before), 1 + len(previous) - len(lines))


def in_context(question: str, previous: Sequence[str]) -> str:
    """The question after the last of the earlier lines that say something, as one text; the encoder has learnt to read such."""
    saying = [line.strip() for line in previous if not _acknowledges(line)][-CONTEXT:]
    return BETWEEN.join([*saying, _without_thanks(question).strip()])


def _before(previous: Sequence[str], stood: Sequence[Standalone], known: Known) -> Standalone:
    """The last of the earlier lines that speaks of the documents' subject and is no mere thanks, or else the last one."""
    for number in reversed(range(len(previous))):
        if _acknowledges(previous[number]):
            continue
        if any(known(word) for word in subjects(stood[number].question)):
            return stood[number]
    return stood[-1]


def _told_and_asked(said: str, known: Known) -> tuple[str, str]:
    """What is told of a person before the question, and the question; nothing is told where it names a subject itself."""
    sentences = _SENTENCE_END.split(said)
    told = said[: said.rindex(sentences[-1])]
    if len(sentences) == 1 or any(known(word) for word in subjects(told)):
        return "", said
    return told, sentences[-1]


def _without_thanks(question: str) -> str:
    """Without "ok", "thanks, that helps" and the like before the question itself."""
    parts = _CLAUSE_END.split(question)
    while len(parts) > 1 and _acknowledges(parts[0]):
        parts = parts[1:]
    rest = question[question.rindex(parts[0]) :] if len(parts) == 1 else question[question.index(parts[0]) :]
    return _OPENS_WITH_OK.sub("", rest) or question


def _acknowledges(line: str) -> bool:
    return set(words(line)) <= _ACKNOWLEDGING


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


def topic(question: str, known: Known = bool) -> str:
    """What a question is about: its subjects, as they were typed; only those that the documents know where there are such."""
    typed = re.findall(r"[^\W_]+(?:[-'’][^\W_]+)*", question)
    about = subjects(question)
    named = [re.sub(r"['’]s$", "", word) for word in typed if word.lower() in about]
    return " ".join(([word for word in named if known(word.lower())] or named)[:TOPIC_WORDS])


def _with_subject(question: str, subject: str, before: str) -> str:
    """The subject in the place of the first pronoun where it is short; else it goes before the question.

    All of the earlier question goes there where the new one is bare: "Why?" asks for the reason of what was said.
    """
    pointing = _POINTS_NOWHERE.sub(lambda match: " " * len(match[0]), question)
    # "They" may be the doctors: where there is an "it" too, that is the thing.
    pronoun = _IT.search(pointing) or _PRONOUN.search(pointing)
    if pronoun and len(subject.split()) <= SHORT_TOPIC:
        return f"{question[: pronoun.start()]}{subject}{question[pronoun.end() :]}".strip()
    if not subjects(question) and len(before) <= SHORT_QUESTION:
        return f"{before.strip()} {question.strip()}"
    return f"{subject}: {question.strip()}"
