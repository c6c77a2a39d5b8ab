"""The labelled utterances that the safety nets learnt from."""

import json
from importlib import resources

FILE = "utterances.jsonl"


def utterances() -> list[tuple[str, str]]:
    """Every labelled utterance and its class."""
    lines = resources.files(__package__).joinpath(FILE).read_text(encoding="utf-8").splitlines()
    return [(one["text"], one["class"]) for one in map(json.loads, lines)]
