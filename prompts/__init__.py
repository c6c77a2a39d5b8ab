"""Every text that a person or a model is shown, one Markdown file each. No wording hides in code."""

from functools import cache
from importlib import resources


@cache
def text(name: str) -> str:
    """The text in `prompts/<name>.md`, without the white space around it."""
    return resources.files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8").strip()
