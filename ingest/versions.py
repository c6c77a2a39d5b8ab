"""Where versions of the index live: a folder on this machine, or a Chroma server that several machines share.

Both keep the same promises. A version is built aside and switched to in one step; who reads the old one finishes on it;
one writer at a time, and a killed writer neither keeps the others out nor leaves half a version behind.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ingest.catalogue import Catalogue
from ingest.manifest import Manifest

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

Say = Callable[[str], None]

# How long a second writer waits for the first; a build of ten thousand passages takes minutes on two cores.
LOCK_SECONDS = 900.0

# Below this many sentences a reader keeps all passages in memory and every sentence is a candidate for every question.
SMALL = 1000


@dataclass(frozen=True)
class Aside:
    """A version in the making. `patched`: its collection starts as a copy of the last one; else `kept` has that one's vectors."""

    name: str
    collection: "Collection"
    kept: "Collection | None" = None
    patched: bool = False


@dataclass(frozen=True)
class Opened:
    """A version that is read: its client and collection, and its catalogue, whose digest has been compared."""

    client: "ClientAPI"
    collection: "Collection"
    catalogue: Catalogue


class Versions(Protocol):
    """What both kinds can do. Every failure is a `StoreError`; `DamagedStoreError` where building anew mends it."""

    @property
    def name(self) -> str:
        """For a person: the folder or the address, without any secret."""

    def current(self) -> str | None:
        """The live version's name; cheap enough to be asked every few seconds."""

    def manifest(self) -> Manifest | None:
        """That of the live version; None where there is none that this program understands."""

    def begun(self) -> bool:
        """Whether there is a live version at all, readable or not."""

    def there(self, manifest: Manifest) -> bool:
        """Whether the store of a manifest is there."""

    def writing(self, say: Say | None) -> AbstractContextManager[None]:
        """Be the one writer. Raises `StoreBusyError` where another one has been at it for too long."""

    def aside(self, last: Manifest | None, *, patch: bool) -> AbstractContextManager[Aside]:
        """A new version, empty or a copy of the last one to be patched; gone again where the block fails."""

    def seal(self, name: str, catalogue: Catalogue) -> dict[str, str]:
        """Finish a version that was filled; returns its files with their hashes."""

    def switch(self, manifest: Manifest) -> None:
        """Make a version the live one, in one step."""

    def discard(self, name: str) -> None:
        """Remove a version that was never live."""

    def litter(self) -> bool:
        """Whether there is something that `tidy` would remove because its time has come."""

    def tidy(self) -> None:
        """Remove what nobody reads any more, and what a killed writer left. Called by the one writer."""

    def opened(self, manifest: Manifest, make: Callable[[], Catalogue]) -> AbstractContextManager[Opened]:
        """Open a version for reading. `make` gives the catalogue of the sources, for whoever has none at hand."""

    def guarded(self) -> AbstractContextManager[None]:
        """Around every use of the collection: what can go wrong comes out as one line."""

    def close(self) -> None:
        """Let go of what is open."""
