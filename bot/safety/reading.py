"""What was typed → the plain text that the safety rules read: one spelling of every letter, clause by clause."""

import re
import unicodedata
from collections.abc import Iterator

# Letters of other scripts, and signs, that pass for Latin ones: enough to undo a disguise, not a transliteration.
_LOOK_ALIKE = str.maketrans(
    "аеорсухіјѕԁһӏοαενικтмнвкАВЕКМНОРСТХУІЈЅ" + "@$€",
    "aeopcyxijsdhloaevikTmhbkABEKMHOPCTXYIJS" + "ase",
)
_DIGIT_IN_WORD = re.compile(r"(?<=[a-z])[013457](?=[a-z])")
_DIGITS = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t"}
_APOSTROPHES = re.compile("[‘’‛`´ʼ＇′]")
_SPELT_OUT = re.compile(r"\b(?:\w[ .*_-]){3,}\w\b")
_REPEATED = re.compile(r"([a-z])\1{2,}")
_CLAUSE_END = re.compile(r"(?:[.!?;:\n…]+(?=\s|$)|\n+|\s[-–—]+\s|\s(?:but|though|although|however|pero|aunque|aber|mais|mas)\s)")


def plain(text: str) -> str:
    """Lower case, without accents, invisible characters and disguises; apostrophes are gone: "can't" reads "cant"."""
    shown = "".join(
        c
        for c in unicodedata.normalize("NFKD", text)
        if unicodedata.category(c) not in ("Cf", "Mn", "Me", "Cc", "Cs") or c in "\n\t"
    )
    lower = _APOSTROPHES.sub("'", shown.translate(_LOOK_ALIKE)).lower().replace("'", "")
    joined = _SPELT_OUT.sub(lambda match: re.sub(r"[ .*_-]", "", match[0]), lower)
    read = _DIGIT_IN_WORD.sub(lambda match: _DIGITS[match[0]], joined)
    return re.sub(r"[ \t]+", " ", _REPEATED.sub(r"\1\1", read)).strip()


def clauses(text: str) -> Iterator[str]:
    """The clauses of a plain text, in order: what one says of a sign does not count for a sign in the next."""
    return (part.strip() for part in _CLAUSE_END.split(text) if part.strip())
