"""Questions and paragraphs on any subject but the document's, written for this project: they hold general text in place."""

import json
from importlib import resources


def general_texts() -> list[str]:
    """Every question and every paragraph."""
    return [text for pair in _pairs() for text in (pair["question"], pair["passage"])]


def general_questions() -> list[str]:
    """The questions alone: none of them is on the subject of a document about cancer."""
    return [pair["question"] for pair in _pairs()]


def _pairs() -> list[dict[str, str]]:
    lines = resources.files("ingest").joinpath("general.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
