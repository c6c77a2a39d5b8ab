"""The scoreboard's main figures, as they stand in “About this page”."""

import tomllib
from importlib import resources


def measured() -> list[tuple[str, str]]:
    """Name and value of each figure; none where nothing has been measured."""
    data = tomllib.loads(resources.files("bot.web").joinpath("measured.toml").read_text(encoding="utf-8"))
    return list(data["figures"].items())
