"""The text taken out of a source that is no plain text, with where its parts, pages and anchors begin; kept with the index.

`texts/<sha256 of the source>-<extractor>.txt` is the text itself, which citations point into; `….json` is its layout.
"""

import bisect
import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

# The folder of extracted texts below the index's.
FOLDER = "texts"

# About 3,500 printed pages. Longer texts are refused, so that a hostile file can't fill the memory.
CHARACTERS = 10_000_000

BETWEEN = "\n\n"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Part(_Value):
    """A slice of the text: a heading of a level, or a paragraph."""

    start: int
    end: int
    level: Annotated[int, Field(ge=1, le=6)] | None = None


class Layout(_Value):
    """How a text is made up. `pages` and `anchors`: where each begins, in characters of the text, in its order."""

    parts: tuple[Part, ...] = ()
    pages: tuple[tuple[int, int], ...] = ()
    anchors: tuple[tuple[int, str], ...] = ()
    title: str | None = None


class Extracted(_Value):
    """A text and its layout."""

    text: str
    layout: Layout

    @cached_property
    def sha256(self) -> str:
        """Changes when the text or its layout changes."""
        return hashlib.sha256(f"{self.text}\x00{self.layout.model_dump_json()}".encode()).hexdigest()

    def page(self, start: int) -> int | None:
        """The page, counted from 1, on which the character at `start` stands; None where the source has no pages."""
        before = bisect.bisect_right(self.layout.pages, start, key=lambda mark: mark[0])
        return self.layout.pages[before - 1][1] if before else None

    def anchor(self, start: int) -> str | None:
        """The nearest anchor at or before `start`; None where there is none."""
        before = bisect.bisect_right(self.layout.anchors, start, key=lambda mark: mark[0])
        return self.layout.anchors[before - 1][1] if before else None


class TooLongError(ValueError):
    """The text has more than `CHARACTERS` characters."""


class Gathered:
    """A text in the making: paragraphs and headings one after the other, an empty line between two."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._pieces: list[str] = []
        self._parts: list[Part] = []
        self._end = 0

    @property
    def next(self) -> int:
        """Where the next part will begin."""
        return self._end + len(BETWEEN) if self._parts else 0

    def add(self, text: str, level: int | None = None) -> None:
        """Add a part. Raises `TooLongError`."""
        start = self.next
        self._end = start + len(text)
        if self._end > CHARACTERS:
            raise TooLongError
        self._pieces.append(text)
        self._parts.append(Part(start=start, end=self._end, level=level))

    def extracted(
        self, *, pages: Iterable[tuple[int, int]] = (), anchors: Iterable[tuple[int, str]] = (), title: str | None = None
    ) -> Extracted:
        """What was gathered, with its marks."""
        layout = Layout(parts=tuple(self._parts), pages=tuple(pages), anchors=tuple(anchors), title=title)
        return Extracted(text=BETWEEN.join(self._pieces), layout=layout)


class _Kept(_Value):
    """The file beside the text: its layout, and the hash of both."""

    sha256: str
    layout: Layout

    @classmethod
    def of(cls, extracted: Extracted) -> Self:
        return cls(sha256=extracted.sha256, layout=extracted.layout)


def kept_or_made(folder: Path | None, key: str, make: Callable[[], Extracted]) -> Extracted:
    """What `folder` keeps under `key`; made, and kept for the next time, where that is missing or damaged."""
    if folder is None:
        return make()
    extracted = _read(folder, key)
    if extracted is None:
        extracted = make()
        # An index that can't be written can still be read; then the text is taken out anew each time.
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / f"{key}.txt", extracted.text)
            _write(folder / f"{key}.json", _Kept.of(extracted).model_dump_json())
    return extracted


def forget_others(folder: Path, keys: Iterable[str]) -> None:
    """Remove the texts of sources that are no more."""
    wanted = {f"{key}.{ending}" for key in keys for ending in ("txt", "json")}
    for path in folder.glob("*"):
        if path.name not in wanted:
            with contextlib.suppress(OSError):
                path.unlink()


def _read(folder: Path, key: str) -> Extracted | None:
    try:
        text = (folder / f"{key}.txt").read_bytes().decode("utf-8")
        kept = _Kept.model_validate_json((folder / f"{key}.json").read_bytes())
    except (OSError, UnicodeDecodeError, ValidationError):
        return None
    extracted = Extracted(text=text, layout=kept.layout)
    return extracted if extracted.sha256 == kept.sha256 else None


def _write(path: Path, content: str) -> None:
    """Put the file in its place in one step: a reader finds all of it or none."""
    with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=".", delete=False) as stream:
        aside = Path(stream.name)
        try:
            stream.write(content.encode())
            stream.flush()
            os.fsync(stream.fileno())
            aside.replace(path)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
