"""Earlier questions and a new one → a question that stands alone."""

import re
from collections.abc import Sequence

from bot.words import stems, words

_POINTS_BACK = frozenset(
    word
    for line in (
        "it its this that these those they them their he she him her his",
        "one ones there such same other another",
    )
    for word in line.split()
)
_OPENS_AS_FOLLOW_UP = re.compile(r"\s*(?:and|but|so|or|what about|how about|why|else|also|then)\b", re.IGNORECASE)

# With this many content words of its own a question stands alone, pronoun or not.
STANDS_ALONE = 7


def standalone_question(question: str, previous: Sequence[str]) -> str:
    """`question` after the nearest earlier question with content words, where it leans on it; else `question` itself."""
    if not previous or not leans_on_previous(question):
        return question
    for earlier in reversed(previous):
        if stems(earlier) and not leans_on_previous(earlier):
            return f"{earlier.strip()} {question.strip()}"
    return f"{previous[0].strip()} {question.strip()}"


def leans_on_previous(question: str) -> bool:
    """Whether a question has a pronoun, opens like a follow-up, or has no content word of its own."""
    content = stems(question)
    if len(content) >= STANDS_ALONE:
        return False
    return not content or bool(_POINTS_BACK.intersection(words(question))) or bool(_OPENS_AS_FOLLOW_UP.match(question))
