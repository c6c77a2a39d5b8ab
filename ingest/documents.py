"""Find, read and hash the sources; a `Document` keeps its text exactly as the file has it."""

import codecs
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from ingest.errors import SourceError
from ingest.sidecar import Sidecar, read_sidecar, sidecar_path

SUFFIXES = (".txt", ".md")

_UTF_16_OR_32_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Document:
    """One source: its text, character for character as in the file, and what its sidecar says of it.

    `name` is the path below the sources' folder with forward slashes. `sha256` is that of the file's bytes.
    """

    name: str
    text: str = field(repr=False)
    sha256: str
    sidecar: Sidecar

    @property
    def title(self) -> str:
        """The sidecar's title, or the file's name without its ending where there is none."""
        return self.sidecar.title or Path(self.name).stem.replace("-", " ").replace("_", " ")

    @property
    def fingerprint(self) -> str:
        """Changes when the text or its sidecar changes: both decide what stands in the index."""
        return f"{self.sha256}:{self.sidecar.sha256}"


def read_documents(folder: Path) -> tuple[Document, ...]:
    """Read every `.txt` and `.md` file below `folder`, sorted by name; hidden files and folders are left out.

    Raises `SourceError` where the folder is missing or holds no source, or a file is not UTF-8 text.
    """
    if not folder.exists():
        raise SourceError(f"The folder of sources {folder} does not exist: create it or name another with --docs.")
    if not folder.is_dir():
        raise SourceError(f"The folder of sources {folder} is not a folder: name a folder with --docs.")
    try:
        paths = source_paths(folder)
        documents = tuple(read_document(path, name=path.relative_to(folder).as_posix()) for path in paths)
    except OSError as error:
        raise SourceError(f"Can't read {error.filename or folder}: {error.strerror}. Check that it may be read.") from error
    if not documents:
        raise SourceError(f"The folder of sources {folder} holds no .txt or .md file: put one there or name another folder.")
    return documents


def source_paths(folder: Path) -> list[Path]:
    """Every source below `folder`, sorted; hidden files and folders are left out."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def read_document(path: Path, *, name: str) -> Document:
    """Read one source and its sidecar. Raises `SourceError` where it is not UTF-8 or holds no text."""
    data = path.read_bytes()
    text = _decode(data, path)
    if not text.strip("\ufeff \t\r\n"):
        raise SourceError(f"{path} holds no text: fill it or take it out of the folder.")
    return Document(name, text, hashlib.sha256(data).hexdigest(), read_sidecar(sidecar_path(path)))


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
