"""Find, read and hash the sources; a `Document` keeps the text of a plain file exactly as it stands there."""

import codecs
import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ingest import html, pdf
from ingest.errors import SourceError
from ingest.extracted import Extracted, kept_or_made
from ingest.sidecar import Sidecar, read_sidecar, sidecar_path


class _Extractor(Protocol):
    """Takes the text out of a file that is not text itself."""

    def extractor(self) -> str:
        """A name that changes when the same file may give another text."""

    def extract(self, data: bytes, path: Path) -> Extracted:
        """The text of a file with these bytes."""


_EXTRACTORS: dict[str, _Extractor] = {".html": html, ".htm": html, ".pdf": pdf}

SUFFIXES = (".txt", ".md", *_EXTRACTORS)

_UTF_16_OR_32_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Place:
    """Where a slice stands for a reader of the source: `page` of a PDF, counted from 1; `anchor`, the nearest id of a page."""

    page: int | None = None
    anchor: str | None = None


@dataclass(frozen=True)
class Document:
    """One source: its text, and what its sidecar says of it.

    The text of a plain file is its own, character for character; that of a page or a PDF is `extracted`, letter for letter.
    `name` is the path below the sources' folder with forward slashes. `sha256` is that of the file's bytes.
    """

    name: str
    text: str = field(repr=False)
    sha256: str
    sidecar: Sidecar
    extracted: Extracted | None = field(default=None, repr=False)

    @property
    def title(self) -> str:
        """The sidecar's title, or the page's or PDF's own, or the file's name without its ending."""
        own = self.extracted.layout.title if self.extracted else None
        return self.sidecar.title or own or Path(self.name).stem.replace("-", " ").replace("_", " ")

    @property
    def fingerprint(self) -> str:
        """Changes when the text or its sidecar changes: both decide what stands in the index."""
        extracted = f":{self.extracted.sha256}" if self.extracted else ""
        return f"{self.sha256}:{self.sidecar.sha256}{extracted}"

    @property
    def key(self) -> str | None:
        """The name, without its ending, of the file that keeps the extracted text; None for a plain file."""
        return _key(self.sha256, _EXTRACTORS[_suffix(self.name)]) if self.extracted else None

    def place(self, start: int) -> Place:
        """Page and anchor of the character at `start`."""
        return Place(self.extracted.page(start), self.extracted.anchor(start)) if self.extracted else Place()


def read_documents(folder: Path, *, texts: Path | None = None) -> tuple[Document, ...]:
    """Read every source below `folder`, sorted by name; hidden files and folders are left out.

    `texts`: the folder that keeps what was taken out of pages and PDFs, so that it is done once.
    Raises `SourceError` where the folder is missing or holds no source, or a file can't be read as what its name says.
    """
    with _reading(folder):
        paths = source_paths(folder)
        documents = tuple(read_document(path, name=path.relative_to(folder).as_posix(), texts=texts) for path in paths)
    if not documents:
        raise SourceError(
            f"The folder of sources {folder} holds no source ({', '.join(SUFFIXES)}): put one there or name another folder."
        )
    return documents


def named_document(folder: Path, name: str, *, texts: Path | None = None) -> Document:
    """The one source of that name. Raises `SourceError` where there is none, or it can't be read."""
    with _reading(folder):
        paths = {path.relative_to(folder).as_posix(): path for path in source_paths(folder)}
        if name not in paths:
            raise SourceError(f"There is no source {name} in {folder}: it holds {', '.join(list(paths)[:10]) or 'none'}.")
        return read_document(paths[name], name=name, texts=texts)


@contextlib.contextmanager
def _reading(folder: Path) -> Iterator[None]:
    """Turn what can go wrong with a folder and its files into one line."""
    if not folder.exists():
        raise SourceError(
            f"The folder of sources {folder} does not exist: create it or name another in CANCER_BOT_DOCS (ingest: --docs)."
        )
    if not folder.is_dir():
        raise SourceError(f"The folder of sources {folder} is not a folder: name a folder with --docs.")
    try:
        yield
    except OSError as error:
        raise SourceError(f"Can't read {error.filename or folder}: {error.strerror}. Check that it may be read.") from error


def source_paths(folder: Path) -> list[Path]:
    """Every source below `folder`, sorted; hidden files and folders are left out."""
    found = (path for path in folder.rglob("*") if _suffix(path.name) in SUFFIXES and path.is_file())
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def read_document(path: Path, *, name: str, texts: Path | None = None) -> Document:
    """Read one source and its sidecar. Raises `SourceError` where it can't be read or holds no text."""
    data = path.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    extractor = _EXTRACTORS.get(_suffix(path.name))
    extracted = kept_or_made(texts, _key(sha256, extractor), lambda: extractor.extract(data, path)) if extractor else None
    text = extracted.text if extracted else _decode(data, path)
    if not text.strip("\ufeff \t\r\n"):
        raise SourceError(f"{path} holds no text: fill it or take it out of the folder.")
    return Document(name, text, sha256, read_sidecar(sidecar_path(path)), extracted)


def _key(sha256: str, extractor: _Extractor) -> str:
    return f"{sha256}-{extractor.extractor()}"


def _suffix(name: str) -> str:
    return Path(name).suffix.lower()


def _decode(data: bytes, path: Path) -> str:
    if data.startswith(_UTF_16_OR_32_MARKS):
        raise SourceError(f"{path} is UTF-16 or UTF-32, not UTF-8: save it as UTF-8.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = f"byte 0x{data[error.start]:02x} at offset {error.start}"
        raise SourceError(f"{path} is not UTF-8 text ({byte}): save it as UTF-8.") from error
    if "\x00" in text:
        raise SourceError(f"{path} holds a NUL character at offset {text.index(chr(0))}: save it as plain UTF-8 text.")
    return text
