"""Every text that a person or a model is shown: one Markdown file each, the short ones in `labels.toml`. None hides in code."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources


@cache
def text(name: str) -> str:
    """The text in `prompts/<name>.md`, without the white space around it."""
    return resources.files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8").strip()


@cache
def labels(group: str) -> Mapping[str, str]:
    """The short texts of a group in `prompts/labels.toml`, by name."""
    found: Mapping[str, str] = tomllib.loads(resources.files(__name__).joinpath("labels.toml").read_text(encoding="utf-8"))[group]
    return found
