"""Versions of the index on a Chroma server: each a collection of its own, one small record says which is the live one."""

import contextlib
import json
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import portalocker
from pydantic import ValidationError

from ingest.catalogue import Catalogue
from ingest.errors import StoreError
from ingest.lease import LEASE_SECONDS, Lease
from ingest.manifest import Manifest
from ingest.server import Server, open_server, spoken
from ingest.snapshot import DamagedStoreError, store_hashes
from ingest.store import create_collection
from ingest.versions import Aside, Opened, Say

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

# Holds a manifest by the name of its version, and the live version's name by CURRENT.
MANIFESTS = "cancer-bot-manifests"
CURRENT = "current"

# How long a version that is no longer live stays, in seconds: readers look for a new one every few seconds and open it in less.
GRACE = 600.0

# Beside a kept catalogue: its files with their hashes.
HASHES = ".json"

# Chroma has no record without one.
_NO_VECTOR: "list[Sequence[float] | Sequence[int]]" = [[0.0]]

_NAME = re.compile(r"cancer-bot-[0-9a-f]{32}")


class ServerVersions:
    """The index on a server that several machines share. Its connection lasts as long as this value."""

    def __init__(self, server: Server) -> None:
        """Nothing is asked before something is needed."""
        self._server = server
        self._lease: Lease | None = None
        self._resources = ExitStack()

    @property
    def name(self) -> str:
        """The address."""
        return str(self._server)

    @cached_property
    def _client(self) -> "ClientAPI":
        return self._resources.enter_context(open_server(self._server))

    def close(self) -> None:
        """End the connection."""
        self._resources.close()

    def _record(self, id: str) -> str | None:
        from chromadb.errors import NotFoundError

        with spoken(self._server):
            try:
                found = self._client.get_collection(MANIFESTS, embedding_function=None).get(ids=[id], include=["documents"])
            except NotFoundError:
                return None
        texts = found["documents"]
        return texts[0] if texts else None

    def current(self) -> str | None:
        """What the one small record says."""
        return self._record(CURRENT)

    def manifest(self) -> Manifest | None:
        """That of the live version."""
        store = self.current()
        text = self._record(store) if store else None
        try:
            return Manifest.model_validate_json(text) if text else None
        except ValidationError:
            return None

    def begun(self) -> bool:
        """Whether there is a live version, readable or not."""
        return self.current() is not None

    def there(self, manifest: Manifest) -> bool:
        """Whether the version's collection is."""
        return self._collection(manifest.store) is not None

    def _collection(self, name: str) -> "Collection | None":
        from chromadb.errors import NotFoundError

        with spoken(self._server):
            try:
                return self._client.get_collection(name, embedding_function=None)
            except NotFoundError:
                return None

    @contextlib.contextmanager
    def writing(self, say: Say | None) -> Iterator[None]:
        """Hold the lease."""
        lease = Lease(self._server, self._client, seconds=LEASE_SECONDS)
        lease.acquire(say)
        self._lease = lease
        try:
            yield
        finally:
            self._lease = None
            lease.release()

    @contextlib.contextmanager
    def aside(self, last: Manifest | None, *, patch: bool) -> Iterator[Aside]:
        """A new collection; never a copy, for a server can't make one."""
        del patch
        name = f"cancer-bot-{uuid.uuid4().hex}"
        kept = self._collection(last.store) if last else None
        try:
            with spoken(self._server):
                collection = create_collection(self._client, name)
            yield Aside(name, collection, kept)
        except BaseException:
            with contextlib.suppress(StoreError):
                self.discard(name)
            raise

    def seal(self, name: str, catalogue: Catalogue) -> dict[str, str]:
        """Nothing: each reader makes its own catalogue from its own sources, and compares the digests."""
        del name, catalogue
        return {}

    def switch(self, manifest: Manifest) -> None:
        """First the version's manifest, then the one record that readers look at."""
        assert self._lease
        before = self.current()
        self._lease.check()
        with spoken(self._server):
            manifests = self._client.get_or_create_collection(MANIFESTS, embedding_function=None)
            for id, text in ((manifest.store, manifest.model_dump_json()), (CURRENT, manifest.store)):
                manifests.upsert(ids=[id], documents=[text], embeddings=_NO_VECTOR)
        if before:
            self._retire(before)

    def discard(self, name: str) -> None:
        """Remove a collection and its manifest, if it has one."""
        from chromadb.errors import NotFoundError

        with spoken(self._server), contextlib.suppress(NotFoundError):
            self._client.delete_collection(name)
        with spoken(self._server), contextlib.suppress(NotFoundError):
            self._client.get_collection(MANIFESTS, embedding_function=None).delete(ids=[name])

    def litter(self) -> bool:
        """Whether the grace of a version is over."""
        return any(retired and time.time() - retired > GRACE for _, retired in self._others())

    def tidy(self) -> None:
        """Remove collections that ceased to be live longer than the grace ago, and those that never were live."""
        for name, retired in self._others():
            if retired is None and self._record(name):
                # Its writer was killed between the switch and this mark.
                self._retire(name)
            elif retired is None or time.time() - retired > GRACE:
                self.discard(name)

    def _others(self) -> list[tuple[str, float | None]]:
        """Every version but the live one, with the time when it ceased to be it."""
        live = self.current()
        with spoken(self._server):
            found = [c for c in self._client.list_collections() if _NAME.fullmatch(c.name) and c.name != live]
        times = [(c.name, (c.metadata or {}).get("retired")) for c in found]
        return [(name, float(retired) if isinstance(retired, (int, float)) else None) for name, retired in times]

    def _retire(self, name: str) -> None:
        if collection := self._collection(name):
            with spoken(self._server):
                collection.modify(metadata={"retired": time.time()})

    @contextlib.contextmanager
    def opened(self, manifest: Manifest, make: Callable[[], Catalogue]) -> Iterator[Opened]:
        """Straight from the server; what is read is compared with this machine's own catalogue of the sources."""
        collection = self._collection(manifest.store)
        if collection is None:
            raise DamagedStoreError(
                f"The Chroma server {self._server} has lost the index {manifest.store}: run cancer-bot ingest."
            )
        catalogue = cached(self._server.cache, manifest.digest, make)
        yield Opened(self._client, collection, catalogue)

    def guarded(self) -> AbstractContextManager[None]:
        """What can go wrong on the way, as one line."""
        return spoken(self._server)


def cached(folder: Path, digest: str, make: Callable[[], Catalogue]) -> Catalogue:
    """The catalogue of a digest from this machine's cache, made first where it is missing or broken; other ones go.

    Where the folder can't be written it is made in the temporary one, and lasts as long as this process.
    """
    name = f"catalogue-{digest[:32]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with portalocker.Lock(folder / "catalogue.lock", "a", timeout=600):
            return _loaded(folder / name, digest) or _made(folder, name, make)
    except (OSError, portalocker.LockException):
        catalogue = make()
        with tempfile.TemporaryDirectory(prefix="cancer-bot-") as aside:
            catalogue.save(Path(aside) / name)
            # Files that are mapped stay readable when their names are gone.
            return Catalogue.from_folder(Path(aside) / name)


def _loaded(folder: Path, digest: str) -> Catalogue | None:
    try:
        if json.loads((folder.with_suffix(HASHES)).read_bytes()) != store_hashes(folder):
            return None
        catalogue = Catalogue.from_folder(folder)
    except (OSError, ValueError):
        return None
    return catalogue if catalogue.digest == digest else None


def _made(folder: Path, name: str, make: Callable[[], Catalogue]) -> Catalogue:
    aside = folder / f"{name}.new"
    for old in folder.glob("catalogue-*"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    make().save(aside)
    (folder / name).with_suffix(HASHES).write_text(json.dumps(store_hashes(aside)), encoding="utf-8")
    aside.rename(folder / name)
    return Catalogue.from_folder(folder / name)
