"""Misspelt words → the words that they were meant to be, where the document or its question bank knows such a word."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cached_property, lru_cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ingest.errors import ModelError
from ingest.words import words

FILE = "words.json"

# The encoder's own vocabulary beside its weights: whole words and, marked "##", inner pieces.
VOCABULARY = "vocab.txt"

# Shorter words have too many neighbours to guess from.
SHORTEST = 4

# Share of a word's letters that have to be right (1 - optimal string alignment distance / length); the first has to be, too.
# Where all the letters are there and only their order is wrong, fewer: "jsut", "wrok".
ALIKE = 0.79
ALIKE_IN_LETTERS = 0.74

# A word that is a known one with such an ending is no misspelt one.
_ENDINGS = ("s", "r", "d", "er", "ed", "es", "ing", "ly", "less", "ness", "ful", "ous", "able")

# A word has to stand this often in the bank to be one that others are corrected to.
OFTEN = 3

# How many of the nearest words are looked at.
NEAREST = 8

_WORD = re.compile(r"[^\W\d_]{4,}")


class Speller:
    """Corrects words that are no words of the language to those of the subject."""

    def __init__(self, subject: Iterable[str], language: Path | None) -> None:
        """`subject`: the words to correct to; `language`: a file with a word a line, such as the encoder's own vocabulary."""
        self._subject = frozenset(word for word in subject if len(word) >= SHORTEST and word.isalpha())
        self._language = language
        self._correct = lru_cache(maxsize=1000)(self._nearest)

    @cached_property
    def _known(self) -> frozenset[str]:
        lines = self._language.read_text(encoding="utf-8").split("\n") if self._language and self._language.exists() else []
        # In the encoder's vocabulary "##" marks the inner pieces of words.
        return self._subject.union(line for line in lines if not line.startswith("##"))

    @cached_property
    def _targets(self) -> list[str]:
        return sorted(self._subject)

    def corrected(self, text: str) -> str:
        """`text` with each misspelt word replaced by the nearest one of the subject; all else as it is."""
        if not self._language:
            return text
        return _WORD.sub(lambda match: self._correct(match[0].lower()) or match[0], text)

    def _is_known(self, word: str) -> bool:
        return word in self._known or any(word.endswith(end) and word.removesuffix(end) in self._known for end in _ENDINGS)

    def _nearest(self, word: str) -> str | None:
        if self._is_known(word):
            return None
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        found = process.extract(
            word, self._targets, scorer=OSA.normalized_similarity, score_cutoff=ALIKE_IN_LETTERS, limit=NEAREST
        )
        letters = sorted(word)
        alike = [(sorted(target) == letters, score, target) for target, score, _ in found if target[0] == word[0]]
        fit = [one for one in alike if one[0] or one[1] >= ALIKE]
        return max(fit, key=lambda one: one[:2])[2] if fit else None


def words_of_tuning(folder: Path | None) -> list[str]:
    """What `bank_words` gave when the encoder was tuned; none without a tuning. Raises `ModelError` where it can't be read."""
    if folder is None or not (folder / FILE).exists():
        return []
    try:
        return TypeAdapter(list[str]).validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelError(f"{folder / FILE} can't be read: run cancer-bot tune, or remove it.") from error


def bank_words(questions: Iterable[str], document: Iterable[str], language: Path) -> list[str]:
    """The words that a bank uses often, without those that look like misspelt words of the document."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    known = frozenset(language.read_text(encoding="utf-8").split("\n"))
    right = sorted(set(document))
    counted = Counter(word for question in questions for word in words(question))
    often = (word for word, times in counted.items() if times >= OFTEN and len(word) >= SHORTEST and word.isalpha())
    return sorted(
        word
        for word in often
        if word in known or not process.extractOne(word, right, scorer=OSA.normalized_similarity, score_cutoff=ALIKE)
    )
