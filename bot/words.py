"""Words as the lexical search compares them: lower case, without function words, as stems."""

import re
import unicodedata
from functools import cache

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


def words(text: str) -> list[str]:
    """Every word of `text` in lower case, apostrophes straightened."""
    return [match.replace("’", "'") for match in _WORD.findall(unicodedata.normalize("NFKC", text).lower())]


def stems(text: str) -> list[str]:
    """The stems of the content words, in order, with repetitions."""
    return [_stem(word.split("'")[0]) for word in words(text) if word not in _function_words()]


@cache
def _function_words() -> frozenset[str]:
    from bm25s.stopwords import STOPWORDS_EN_PLUS

    return frozenset(STOPWORDS_EN_PLUS) | {word.split("'")[0] for word in STOPWORDS_EN_PLUS}


@cache
def _stemmer() -> object:
    from snowballstemmer import stemmer

    return stemmer("english")


# Bounded: what people type must not pile up in a server's memory.
def _stem(word: str) -> str:
    return _stemmer().stemWord(word)  # type: ignore[attr-defined, no-any-return]
