"""Which sentences can't stand alone: those that lean on the one before, and those that the next one takes back in part.

Rules over the words that a sentence opens with; they hold for any English text, not for one article.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.passages import Passage, Sentence

# With fewer words, and no full stop, a text is a label.
FEWEST_WORDS = 3

_PRONOUN = r"(?:this|that|these|those|it|they|he|she|them|such)(?:['’]\w+)?\b"

# These lean on the sentence before even where they open a paragraph.
_LEANS = re.compile(
    rf"""\W*(?:
        {_PRONOUN}
      | (?:its|their|his|her|both)\b
      | another\s+(?:option|way|possibility|choice|method|approach|reason)\b
      | (?:for|in|on|at|after|during|with|because\ of|if|when|once|while|by)\s+{_PRONOUN}
      | (?:if|when|once|while|because|although)\b[^,.]*,\s+(?:this|these|that|those|they)\b
      | (?:in\s\w+\scases|sometimes|often|usually|by\s\w+ing\s[^,.]*),?\s+(?:it|they)\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)

# These continue a thought inside a paragraph; at its start they begin one ("Other radiopharmaceuticals …").
_CONTINUES = re.compile(
    r"""\W*(?:
        (?:but|yet|still|however|instead|otherwise|therefore|thus|nevertheless|either\ way|even\ so|as\ a\ result
           |others|other\s\w+|another)\b
      | (?:tell|ask|give|take|use|show|let)\s(?:them|it|him|her)\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)

_TAKES_BACK = re.compile(
    r"\W*(?:but|however|still|yet|though|although|nevertheless|even\ so|on\ the\ other\ hand)\b", re.IGNORECASE
)
_SOME = re.compile(r"\W*some\s(?:people|patients|doctors)\b", re.IGNORECASE)
_OTHERS = re.compile(r"\W*others\b", re.IGNORECASE)

# A sentence about the text itself: its "this" points at the text, not at the sentence before.
_META = re.compile(
    r"\W*this\sis\s(?:an?\s)?(?:\w+\s)?(?:review|overview|summary|guide|information|introduction)\b", re.IGNORECASE
)
_POINTER = re.compile(
    r"""\W*(?:
        (?:to|for)\s(?:learn|see|find|get|know|read|more|further)\b.*\b(?:see|visit|read|go\ to)\b
      | more\s(?:details|information|on)\b.*\b(?:found|in\ our)\b
      | (?:please\s)?see\s(?:also\s)?[A-Z“"]
      | for\s(?:reprint|more)\b.*\bsee\b
    )""",
    re.VERBOSE | re.IGNORECASE,
)


def is_pointer(text: str) -> bool:
    """Whether a sentence only says where to read on."""
    return bool(_POINTER.match(text))


def is_meta(text: str) -> bool:
    """Whether a sentence says what the text is, not what its subject is."""
    return bool(_META.match(text))


def is_fragment(text: str) -> bool:
    """Whether a text is too short to say anything: a word or two without a full stop, such as the head of a table's column."""
    return len(text.split()) < FEWEST_WORDS and text[-1:] not in ".!?"


@dataclass(frozen=True)
class Position:
    """A sentence where it stands: in which passage (counted within its document) and as which sentence there."""

    passage: int
    sentence: int


def closure(passages: Sequence[Passage], position: Position, *, limit: int) -> tuple[Position, ...] | None:
    """`position` with every sentence that it can't do without, in the text's order.

    None where that would be more than `limit` sentences: then another sentence has to answer.
    """
    needed: set[Position] = set()
    waiting = [position]
    while waiting:
        current = waiting.pop()
        if current in needed:
            continue
        needed.add(current)
        if len(needed) > limit:
            return None
        waiting += [other for other in (_needed_before(passages, current), _needed_after(passages, current)) if other]
    return tuple(sorted(needed, key=lambda p: (p.passage, p.sentence)))


def _sentence(passages: Sequence[Passage], position: Position) -> Sentence:
    return passages[position.passage].sentences[position.sentence]


def _needed_before(passages: Sequence[Passage], position: Position) -> Position | None:
    text = _sentence(passages, position).text
    if is_meta(text):
        return None
    if position.sentence > 0:
        return Position(position.passage, position.sentence - 1) if _LEANS.match(text) or _CONTINUES.match(text) else None
    before = position.passage - 1
    # The cheap test first: in a large index the passage before has to be read from the store.
    if before < 0 or not _LEANS.match(text) or passages[before].section != passages[position.passage].section:
        return None
    return Position(before, len(passages[before].sentences) - 1)


def _needed_after(passages: Sequence[Passage], position: Position) -> Position | None:
    sentences = passages[position.passage].sentences
    if position.sentence + 1 == len(sentences):
        return None
    text, following = sentences[position.sentence].text, sentences[position.sentence + 1].text
    taken_back = _TAKES_BACK.match(following) or (_SOME.match(text) and _OTHERS.match(following))
    return Position(position.passage, position.sentence + 1) if taken_back else None
