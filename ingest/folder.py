"""Versions of the index in a folder: built aside under one lock, switched by the manifest, read from a checked copy."""

import contextlib
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import portalocker

from ingest.catalogue import Catalogue
from ingest.errors import StoreBusyError, StoreError
from ingest.manifest import FILE, Manifest, read_manifest, write_manifest
from ingest.snapshot import DamagedStoreError, Snapshot, copy_store, store_hashes
from ingest.store import collection_of, create_collection, open_client, readable
from ingest.versions import LOCK_SECONDS, Aside, Opened, Say

CATALOGUE = "catalogue"
_STORE_NAME = re.compile(r"store-[0-9a-f]{32}")


class FolderVersions:
    """The embedded index: Chroma on files of this machine."""

    def __init__(self, folder: Path) -> None:
        """`folder` need not exist before it is written."""
        self.folder = folder

    def close(self) -> None:
        """Nothing is open between two calls."""

    @property
    def name(self) -> str:
        """The folder."""
        return str(self.folder)

    def current(self) -> str | None:
        """The live store's name."""
        manifest = read_manifest(self.folder)
        return manifest.store if manifest else None

    def manifest(self) -> Manifest | None:
        """From its file."""
        return read_manifest(self.folder)

    def begun(self) -> bool:
        """Whether there is a manifest, readable or not."""
        return (self.folder / FILE).exists()

    def there(self, manifest: Manifest) -> bool:
        """Whether the store's folder is."""
        return (self.folder / manifest.store).is_dir()

    @contextlib.contextmanager
    def writing(self, say: Say | None) -> Iterator[None]:
        """Hold the one lock of the folder, which the system frees if we are killed; turn every failure into one line."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = portalocker.Lock(self.folder / "lock", "a", timeout=LOCK_SECONDS, check_interval=0.2)
            try:
                lock.acquire(timeout=0.01, check_interval=0.01)
            except portalocker.LockException:
                if say:
                    say("Waiting for another process that is building the index.")
                lock.acquire()
            try:
                yield
            finally:
                lock.release()
        except portalocker.LockException as error:
            raise StoreBusyError(
                f"Another process is writing the index {self.folder} for more than {LOCK_SECONDS:.0f} s: try later."
            ) from error
        except OSError as error:
            reason = error.strerror or error
            raise StoreError(
                f"Can't write the index {self.folder}: {reason}. Free or name another folder with --index."
            ) from error

    @contextlib.contextmanager
    def aside(self, last: Manifest | None, *, patch: bool) -> Iterator[Aside]:
        """A store in a folder of its own. To patch is to copy the last one's files, which costs next to nothing."""
        store = self.folder / f"store-{uuid.uuid4().hex}"
        with ExitStack() as stack:
            try:
                store.mkdir()
                copied = last is not None and patch and self._copied(last, store)
                client = stack.enter_context(open_client(store))
                if copied:
                    yield Aside(store.name, collection_of(client), patched=True)
                    return
                kept = None
                if last and not patch:
                    # A damaged store keeps nothing, and then everything is embedded again.
                    with contextlib.suppress(StoreError):
                        snapshot = stack.enter_context(Snapshot(self.folder, last))
                        kept = collection_of(stack.enter_context(open_client(snapshot.path)))
                yield Aside(store.name, create_collection(client), kept)
            except BaseException:
                stack.close()
                self.discard(store.name)
                raise

    def _copied(self, last: Manifest, store: Path) -> bool:
        files = {name: digest for name, digest in last.files.items() if not name.startswith(f"{CATALOGUE}/")}
        try:
            copy_store(self.folder / last.store, store, files)
        except DamagedStoreError:
            shutil.rmtree(store)
            store.mkdir()
            return False
        return True

    def seal(self, name: str, catalogue: Catalogue) -> dict[str, str]:
        """Put the catalogue beside the collection, and hash all of it."""
        catalogue.save(self.folder / name / CATALOGUE)
        return store_hashes(self.folder / name)

    def switch(self, manifest: Manifest) -> None:
        """Replace the manifest."""
        write_manifest(self.folder, manifest)

    def discard(self, name: str) -> None:
        """Remove a store's folder."""
        shutil.rmtree(self.folder / name, ignore_errors=True)

    def litter(self) -> bool:
        """Never: a switch leaves nothing that somebody still reads."""
        return False

    def tidy(self) -> None:
        """Remove all stores but the live one: readers have copies. Only folders that we can have made are touched."""
        live = self.current()
        for path in self.folder.iterdir():
            if _STORE_NAME.fullmatch(path.name) and path.name != live:
                shutil.rmtree(path, ignore_errors=True)

    @contextlib.contextmanager
    def opened(self, manifest: Manifest, make: Callable[[], Catalogue]) -> Iterator[Opened]:
        """From a copy, checked file by file; so the catalogue is the one that was written with the store."""
        del make
        with Snapshot(self.folder, manifest) as snapshot, open_client(snapshot.path) as client:
            yield Opened(client, collection_of(client), Catalogue.from_folder(snapshot.path / CATALOGUE))

    def guarded(self) -> AbstractContextManager[None]:
        """Chroma's errors as one line."""
        return readable(self.folder)
