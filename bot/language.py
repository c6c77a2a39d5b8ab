"""Which language a question is in, as far as its small words tell: enough to say that the article is in another one."""

import re
from functools import cache

_LETTERS = re.compile(r"[^\W\d_]+")

# A text is in another language from so many of its small words on, where they are at least this share of all its words.
FEWEST = 2
SHARE = 0.25


def language(question: str) -> str:
    """The language, in English lower case; "english" where nothing speaks against it."""
    found = [word for word in _LETTERS.findall(question.lower()) if len(word) > 1]
    counted = {name: sum(word in small for word in found) for name, small in _small_words().items()}
    best = max(counted, key=lambda name: counted[name])
    enough = counted[best] >= FEWEST and counted[best] >= SHARE * len(found) and counted[best] > counted["english"]
    return best if enough else "english"


def foreign(question: str) -> bool:
    """Whether a question is in another language than English."""
    return language(question) != "english"


@cache
def _small_words() -> dict[str, frozenset[str]]:
    from bm25s import stopwords

    return {
        name: frozenset(getattr(stopwords, f"STOPWORDS_{name.upper()}"))
        for name in ("spanish", "french", "german", "portuguese", "italian")
    } | {"english": frozenset(stopwords.STOPWORDS_EN_PLUS)}
