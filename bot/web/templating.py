"""The page's own templates and files."""

from functools import cache
from importlib import resources
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from bot.templating import environment
from prompts import labels, text


@cache
def _environment() -> Environment:
    own = environment("bot.web")
    own.globals |= {"label": labels("page"), "text": text}
    return own


def rendered(name: str, **values: object) -> Markup:
    """A template with its values; whatever is no Markup is escaped."""
    return Markup(_environment().get_template(name).render(**values))  # noqa: S704 -- the template escapes


def static_folder() -> Path:
    """The folder of style sheets and scripts."""
    return Path(str(resources.files("bot.web").joinpath("static")))
