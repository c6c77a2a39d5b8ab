"""Settings from the environment and `.env`, each with the prefix `CANCER_BOT_`; a misspelt name is an error."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import platformdirs
from dotenv import dotenv_values
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingest.errors import CancerBotError

if TYPE_CHECKING:
    from ingest.server import Server

PREFIX = "CANCER_BOT_"
ENV_FILE = ".env"

Region = Literal["US", "CA", "GB", "IE", "AU", "NZ", "IN", "DE", "ES", "MX", "international"]
DEFAULT_REGION: Region = "US"


class SettingsError(CancerBotError):
    """A setting is misspelt or has a value that can't be."""


def packaged_docs() -> Path:
    """The folder of sources that ships with the program."""
    import ingest

    return Path(ingest.__file__).resolve().parent.parent / "docs_source"


class Settings(BaseSettings):
    """Every setting; the descriptions are the README's table."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=ENV_FILE, extra="ignore", frozen=True)

    docs: Annotated[Path, Field(description="Folder of the sources (`.txt`, `.md`, `.html`, `.pdf`).")] = Field(
        default_factory=packaged_docs
    )
    index: Annotated[Path, Field(description="Folder of the embedded index.")] = Field(
        default_factory=lambda: platformdirs.user_cache_path("cancer-bot", appauthor=False)
    )
    chroma_url: Annotated[
        str,
        Field(description="A Chroma server that holds the index, such as `http://host:8000`; empty: the embedded index."),
    ] = ""
    embedding_model: Annotated[
        str, Field(description="Folder or sentence-transformers name of the encoder; empty: the installed weights.")
    ] = ""
    chat_model: Annotated[
        str,
        Field(description="`provider:model` of a language model that rewords answers and follow-ups; empty: the article's own."),
    ] = ""
    region: Annotated[Region, Field(description="Whose phone numbers the safety texts show.")] = DEFAULT_REGION
    auth_file: Annotated[
        Path | None, Field(description="File with the users of the web page, a line each from `cancer-bot password NAME`.")
    ] = None
    rate_limit: Annotated[
        int | None, Field(ge=1, le=100_000, description="Questions per minute and client of the web page; unset: no limit.")
    ] = None
    feedback: Annotated[
        Path | None,
        Field(description="File for thumbs up and down: outcome and sections, never the words. Unset: there are no thumbs."),
    ] = None
    trace: Annotated[
        Literal["off", "console", "otlp"],
        Field(description="`console` or `otlp`: a span of each step, on stderr or to an OpenTelemetry collector; no words."),
    ] = "off"
    trace_text: Annotated[bool, Field(description="`true`: the spans hold the questions and answers, too.")] = False

    @field_validator("chroma_url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        from ingest.server import Server

        if value:
            Server.from_url(value, Path())
        return value

    @field_validator("docs", "index", "auth_file", "feedback")
    @classmethod
    def _expanded(cls, value: Path | None) -> Path | None:
        return value.expanduser() if value else None

    @property
    def place(self) -> "Path | Server":
        """Where the index is: the folder, or the server, with the folder for what is derived from it."""
        from ingest.server import Server

        return Server.from_url(self.chroma_url, self.index) if self.chroma_url else self.index


def read_settings() -> Settings:
    """Read the settings. Raises `SettingsError` naming the first that is misspelt or can't be."""
    given = [*os.environ, *dotenv_values(ENV_FILE)] if Path(ENV_FILE).is_file() else list(os.environ)
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in given:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            raise SettingsError(f"Unknown setting {name}: {_did_you_mean(name, known)}")
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        # A token may stand before an address's host; it belongs into no message.
        given_value = re.sub(r"//[^/]*@", "//…@", str(first.get("input")))
        raise SettingsError(f"{name}={given_value}: {first['msg'].removeprefix('Value error, ')}.") from error


def _did_you_mean(name: str, known: set[str]) -> str:
    from rapidfuzz import process

    names = {setting.removeprefix(PREFIX): setting for setting in known}
    best = process.extractOne(name.upper().removeprefix(PREFIX), sorted(names), score_cutoff=70)
    return f"did you mean {names[best[0]]}?" if best else f"the settings are {', '.join(sorted(known))}"
