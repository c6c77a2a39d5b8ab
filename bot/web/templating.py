"""The page's templates and files, which ship with the package."""

from functools import cache
from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from prompts import labels, text


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("bot.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {"label": labels("page"), "text": text}
    return environment


def rendered(name: str, **values: object) -> Markup:
    """A template with its values; whatever is no Markup is escaped."""
    return Markup(_environment().get_template(name).render(**values))  # noqa: S704 -- the template escapes


def static_folder() -> Path:
    """The folder of style sheets and scripts."""
    return Path(str(resources.files("bot.web").joinpath("static")))
