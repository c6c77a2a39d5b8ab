"""What an index was made from. Replacing this one small file is what switches from an old index to a new one."""

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ingest.errors import StoreError
from ingest.passages import CUTTER_VERSION

# Raise it whenever what stands in the store, or how, changes.
SCHEMA = 2
FILE = "manifest.json"


class Model(BaseModel):
    """The encoder that made the vectors. `stamp` spares hashing the weights again while their file is the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    sha256: str
    stamp: str


class Manifest(BaseModel):
    """An index's origin: equal origins make equal indexes.

    `sources` maps a document's name to its fingerprint; `files` maps each file of the store to its sha256 (none on a server);
    `digest` is that of all passages in their order. `patched`: vectors that came or went since it was written as a whole.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA
    cutter_version: int = CUTTER_VERSION
    model: Model
    sources: dict[str, str]
    store: str
    files: dict[str, str]
    digest: str
    patched: int = 0
    documents: int
    passages: int
    sentences: int
    created: str

    @property
    def compatible(self) -> bool:
        """Whether this program can read the store at all."""
        return (self.schema_version, self.cutter_version) == (SCHEMA, CUTTER_VERSION)


def read_manifest(index: Path) -> Manifest | None:
    """The manifest of the live index; None where there is none that this program understands."""
    try:
        return Manifest.model_validate_json((index / FILE).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return None
    except OSError as error:
        raise StoreError(f"Can't read the index {index / FILE}: {error.strerror}. Check that it may be read.") from error


def write_manifest(index: Path, manifest: Manifest) -> None:
    """Replace the manifest in one step: a reader finds the old one or the new one, whole."""
    aside = index / f"{FILE}.new"
    with aside.open("wb") as stream:
        stream.write(manifest.model_dump_json(indent=2).encode())
        stream.flush()
        os.fsync(stream.fileno())
    aside.replace(index / FILE)
