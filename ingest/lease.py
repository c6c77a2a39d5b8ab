"""One writer at a time on a Chroma server, which knows no lock: the newest of a row of numbered collections is it.

Creating a collection of a name that exists fails, so of all who try the next number one succeeds. The holder counts a beat in
its metadata; who waits and sees no beat for long enough, by its own clock, takes the next number. So a killed writer keeps
nobody out, clocks need not agree, and no number is ever given twice.
"""

import contextlib
import re
import threading
import time
from typing import TYPE_CHECKING

from ingest.errors import StoreBusyError, StoreError
from ingest.server import Server, spoken
from ingest.versions import LOCK_SECONDS, Say

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

# Without a beat for so long a writer counts as dead; it beats several times as often.
LEASE_SECONDS = 30.0
BEATS = 6

_NAME = re.compile(r"cancer-bot-lease-(\d{8})")


class Lease:
    """The right to write. Take it with `acquire`; `check` before what can't be undone; `release` it."""

    def __init__(self, server: Server, client: "ClientAPI", *, seconds: float = LEASE_SECONDS) -> None:
        """`seconds` without a beat free a lease."""
        self._server = server
        self._client = client
        self._seconds = seconds
        self._number = 0
        self._done = threading.Event()
        self._beating = threading.Thread(target=self._beat, daemon=True)

    def acquire(self, say: Say | None, *, patience: float = LOCK_SECONDS) -> None:
        """Wait until nobody else writes. Raises `StoreBusyError` after `patience` seconds."""
        end = time.monotonic() + patience
        seen: tuple[int, object] | None = None
        since = time.monotonic()
        told = False
        while True:
            newest = self._newest()
            beat = self._metadata(newest)
            if (newest, beat.get("beat")) != seen:
                seen, since = (newest, beat.get("beat")), time.monotonic()
            if (newest == 0 or beat.get("free") or time.monotonic() - since > self._seconds) and self._take(newest + 1):
                self._beating.start()
                return
            if say and not told:
                say("Waiting for another process that is building the index.")
                told = True
            if time.monotonic() > end:
                raise StoreBusyError(f"Another process is writing the index on {self._server} for too long: try later.")
            time.sleep(min(0.5, self._seconds / BEATS))

    def check(self) -> None:
        """Raise `StoreBusyError` where another writer has taken over, as it may from one that stood still."""
        if self._newest() != self._number:
            raise StoreBusyError(f"Another process took over writing the index on {self._server}: try again.")

    def release(self) -> None:
        """Let the next one write. The number stays, so that nobody can get it again."""
        self._done.set()
        self._beating.join()
        with contextlib.suppress(StoreError):
            self._mark({"beat": -1, "free": True})

    def _newest(self) -> int:
        with spoken(self._server):
            names = [collection.name for collection in self._client.list_collections()]
        return max((int(match[1]) for name in names if (match := _NAME.fullmatch(name))), default=0)

    def _metadata(self, number: int) -> dict[str, object]:
        from chromadb.errors import NotFoundError

        with spoken(self._server):
            try:
                found = self._client.get_collection(_name(number), embedding_function=None) if number else None
            except NotFoundError:
                found = None
        return dict(found.metadata or {}) if found else {}

    def _take(self, number: int) -> bool:
        """Whether we are the one who gets this number; the ones before it go."""
        from chromadb.errors import ChromaError, NotFoundError

        with spoken(self._server):
            try:
                self._client.create_collection(_name(number), metadata={"beat": 0}, embedding_function=None)
            except ChromaError:
                if self._newest() >= number:
                    return False
                raise
            self._number = number
            for collection in self._client.list_collections():
                match = _NAME.fullmatch(collection.name)
                if match and int(match[1]) < number:
                    with contextlib.suppress(NotFoundError):
                        self._client.delete_collection(collection.name)
        return True

    def _beat(self) -> None:
        beat = 0
        while not self._done.wait(self._seconds / BEATS):
            beat += 1
            # While the server is away nobody can take the lease either.
            with contextlib.suppress(StoreError):
                self._mark({"beat": beat})

    def _mark(self, metadata: dict[str, int | bool]) -> None:
        with spoken(self._server):
            self._client.get_collection(_name(self._number), embedding_function=None).modify(metadata=metadata)


def _name(number: int) -> str:
    return f"cancer-bot-lease-{number:08d}"
