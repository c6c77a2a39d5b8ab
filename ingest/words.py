"""Words as the lexical search compares them: lower case, without function words, as stems."""

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import Stemmer

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


def words(text: str) -> list[str]:
    """Every word of `text` in lower case, apostrophes straightened."""
    return [match.replace("’", "'") for match in _WORD.findall(unicodedata.normalize("NFKC", text).lower())]


def stems(text: str) -> list[str]:
    """The stems of the content words, in order, with repetitions."""
    stemmed: list[str] = _stemmer().stemWords([word.split("'")[0] for word in words(text) if not is_function_word(word)])
    return stemmed


def is_function_word(word: str) -> bool:
    """Whether a word in lower case says nothing by itself: "the", "what", "isn't"."""
    return word in _function_words() or word.split("'", maxsplit=1)[0] in _function_words()


@cache
def _function_words() -> frozenset[str]:
    from bm25s.stopwords import STOPWORDS_EN_PLUS

    return frozenset(STOPWORDS_EN_PLUS) | {word.split("'")[0] for word in STOPWORDS_EN_PLUS}


@cache
def _stemmer() -> "Stemmer.Stemmer":
    # Its cache is bounded: what people type does not pile up in a server's memory.
    import Stemmer

    return Stemmer.Stemmer("english")
