"""A reader's own copy of the live store, checked file by file against the manifest's hashes.

Chroma writes into a store even when it only reads it. On a copy, readers disturb neither each other nor a writer, an
index in a read-only folder can be used, and a damaged file is found before a word is read from it.
"""

import contextlib
import hashlib
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import portalocker

from ingest.errors import StoreError
from ingest.manifest import Manifest

PREFIX = "cancer-bot-"

# Bytes that are copied at a time.
PIECE = 1 << 20


class DamagedStoreError(StoreError):
    """A file of the store is missing or is not the one that was written: the index has to be built again."""


class Snapshot:
    """The copied folder, `path`; gone when closed. A copy left by a killed process is swept by the next reader."""

    def __init__(self, index: Path, manifest: Manifest) -> None:
        """Copy the store. Raises `DamagedStoreError` where it differs from the manifest, `StoreError` on no room."""
        _sweep(Path(tempfile.gettempdir()))
        try:
            # The lock comes first and lives beside the folder, so that a sweep can't take a copy in the making.
            self._lock_file = Path(tempfile.mkstemp(prefix=PREFIX, suffix=".lock")[1])
            self._lock = portalocker.Lock(self._lock_file, "a", flags=portalocker.LOCK_EX | portalocker.LOCK_NB)
            self._lock.acquire()
            self.path = self._lock_file.with_suffix("")
            self.path.mkdir(mode=0o700)
        except OSError as error:
            raise StoreError(f"Can't write to the temporary folder {tempfile.gettempdir()}: {error.strerror}.") from error
        try:
            copy_store(index / manifest.store, self.path, manifest.files)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove the copy."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.release()
        self._lock_file.unlink(missing_ok=True)

    def __enter__(self) -> "Snapshot":
        """Nothing to do: the copy is there."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Remove the copy."""
        self.close()


def copy_store(store: Path, target: Path, files: dict[str, str]) -> None:
    """Copy `files` (name below the store → sha256). Raises `DamagedStoreError` on the first that differs."""
    for name, digest in files.items():
        try:
            source = (store / name).open("rb")
        except FileNotFoundError as error:
            raise DamagedStoreError(f"The index file {store / name} is missing: run cancer-bot ingest.") from error
        except OSError as error:
            raise StoreError(f"Can't read the index file {store / name}: {error.strerror}.") from error
        with source:
            try:
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                copied = _copy(source, target / name)
            except OSError as error:
                raise StoreError(f"Can't copy the index to {target}: {error.strerror}. Make room there.") from error
        if copied != digest:
            raise DamagedStoreError(f"The index file {store / name} was damaged: run cancer-bot ingest.")


def _copy(source: BinaryIO, target: Path) -> str:
    """Copy piece by piece, for a store may be larger than the memory; returns the sha256 of what was copied."""
    digest = hashlib.sha256()
    with target.open("wb") as copy:
        while piece := source.read(PIECE):
            digest.update(piece)
            copy.write(piece)
    return digest.hexdigest()


def store_hashes(store: Path) -> dict[str, str]:
    """Each file below `store` with its sha256."""
    files = sorted(path for path in store.rglob("*") if path.is_file())
    return {path.relative_to(store).as_posix(): _sha256(path) for path in files}


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sweep(folder: Path) -> None:
    for lock_file in folder.glob(f"{PREFIX}*.lock"):
        with contextlib.suppress(OSError, portalocker.LockException):
            with portalocker.Lock(lock_file, "a", flags=portalocker.LOCK_EX | portalocker.LOCK_NB, fail_when_locked=True):
                shutil.rmtree(lock_file.with_suffix(""), ignore_errors=True)
            lock_file.unlink(missing_ok=True)
