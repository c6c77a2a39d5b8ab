"""Misspelt words of the subject are mended; words of the language are left alone."""

from pathlib import Path

import pytest

from bot.spelling import Speller, bank_words


@pytest.fixture
def language(tmp_path: Path) -> Path:
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(["the", "what", "painless", "house", "##apy", "causes"]))
    return path


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("what is radaition therpy?", "what is radiation therapy?"),
        ("COLOSTEMY", "colostomy"),
        ("is it painless", "is it painless"),  # a word of the language, near to one of the subject
        ("my hoze", "my hoze"),  # not near enough to anything
        ("my huose", "my house"),  # all its letters are there
        ("my hous", "my house"),
        ("houseless housed", "houseless housed"),  # a known word with an ending
        ("xylophone", "xylophone"),
        ("Kolostomy", "Kolostomy"),  # the first letter has to be right
        ("ra-223 100 mg/m²", "ra-223 100 mg/m²"),
    ],
)
def test_only_misspelt_words_of_the_subject_are_mended(language: Path, typed: str, meant: str) -> None:
    speller = Speller(["radiation", "therapy", "colostomy", "pointless", "house"], language)
    assert speller.corrected(typed) == meant


def test_without_a_list_of_words_nothing_is_touched() -> None:
    assert Speller(["radiation"], None).corrected("radaition") == "radaition"


def test_the_banks_own_misspellings_are_not_learnt(language: Path) -> None:
    questions = [
        "does cancr spread",
        "what causes cancr",
        "is cancr bad",
        "cryo works",
        "is cryo new",
        "cryo",
        "house the house",
        "house",
    ]
    assert bank_words(questions, ["cancer", "spread"], language) == ["cryo", "house"]
