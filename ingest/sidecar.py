"""What stands beside a source and says what its text can't: title, publisher, date, rights, outline, words explained."""

import datetime
import hashlib
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingest.errors import SourceError

Line = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\r\n]+$")]


class Heading(BaseModel):
    """A heading of the outline. `before` is set where the text has lost it: the words that its section opens with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Annotated[int, Field(ge=1, le=6)]
    title: Line
    before: Line | None = None
    about: bool = False


class Term(BaseModel):
    """Words that the document itself explains, and where: `explained` is a slice of its text, letter for letter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: Annotated[tuple[Line, ...], Field(min_length=1)]
    explained: Line


class Sidecar(BaseModel):
    """`<name>.toml` beside `<name>.txt`; every field may be missing. `sha256` is that of the file, empty without one.

    `starters`: questions that the document answers, for a person who does not know yet what to ask.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Line | None = None
    publisher: Line | None = None
    revised: datetime.date | None = None
    rights: Line | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "en"
    outline: tuple[Heading, ...] = ()
    terms: tuple[Term, ...] = ()
    starters: tuple[Line, ...] = ()
    sha256: str = ""


def sidecar_path(source: Path) -> Path:
    """Where the sidecar of a source stands."""
    return source.with_suffix(".toml")


def read_sidecar(path: Path) -> Sidecar:
    """Read a sidecar; an empty one where the file is missing. Raises `SourceError` on anything malformed."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Sidecar()
    try:
        fields = tomllib.loads(data.decode("utf-8"))
        return Sidecar(**fields, sha256=hashlib.sha256(data).hexdigest())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SourceError(f"{path}: {where} = {first.get('input')!r}: {first['msg']}. Mend that line.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError) as error:
        raise SourceError(f"{path} is not a sidecar in TOML ({error}): mend it.") from error
