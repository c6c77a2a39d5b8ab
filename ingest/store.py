"""The Chroma collection: passages and sentences, each with its vector and all that a citation needs."""

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ingest.errors import StoreError
from ingest.located import Located, embedded_text
from ingest.passages import Passage, Section, Sentence

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection

__all__ = [
    "Row",
    "collection_of",
    "create_collection",
    "embedded_text",
    "open_client",
    "patch",
    "read_located",
    "readable",
    "rows",
    "write",
]

COLLECTION = "passages"

# Rows that are read or written at a time: about 2 MiB on the way to a server. A multiple of what the encoder takes at a time.
BATCH = 1024

# As exact as HNSW gets on collections of this size; a question's search stays around a millisecond.
_HNSW: "CreateHNSWConfiguration" = {"space": "cosine", "ef_construction": 200, "ef_search": 200}

# A row of the collection: its id, its text, its metadata, and what the encoder reads of it.
Row = tuple[str, str, dict[str, Any], str]
Embed = Callable[[list[str]], Sequence[Sequence[float]]]
Guarded = Callable[[], contextlib.AbstractContextManager[None]]
Item = TypeVar("Item")


@contextlib.contextmanager
def open_client(folder: Path) -> "Iterator[ClientAPI]":
    """Chroma on a folder, without telemetry and deaf to `.env` files; its errors come out as `StoreError`."""
    import chromadb
    from chromadb.config import Settings

    # SQLite, under Chroma, has temporary files of its own: in the folder that Python found to be writable, like ours.
    os.environ["SQLITE_TMPDIR"] = tempfile.gettempdir()
    with readable(folder):
        # `_env_file` and `close` are there at run time; the types of pydantic-settings and chromadb do not show them.
        settings = Settings(_env_file=None, anonymized_telemetry=False)  # type: ignore[call-arg]
        client = chromadb.PersistentClient(path=str(folder), settings=settings)
        try:
            yield client
        finally:
            client.close()  # type: ignore[attr-defined]


@contextlib.contextmanager
def readable(folder: Path) -> Iterator[None]:
    """Chroma's errors on a folder as one line."""
    from chromadb.errors import ChromaError

    try:
        yield
    except ChromaError as error:
        reason = str(error).strip().splitlines()[0]
        # It does not say which of the two folders that it writes into was full.
        raise StoreError(
            f"Chroma can't use the index in {folder}: {reason}. "
            f"Check that its disk and the temporary folder {tempfile.gettempdir()} have room and can be written."
        ) from error


def create_collection(client: "ClientAPI", name: str = COLLECTION) -> "Collection":
    """A new collection for vectors that are compared by their cosine."""
    return client.create_collection(name, configuration={"hnsw": _HNSW}, embedding_function=None)


def collection_of(client: "ClientAPI") -> "Collection":
    """The collection of an open store. Raises `StoreError` where it is missing."""
    from chromadb.errors import NotFoundError

    try:
        return client.get_collection(COLLECTION, embedding_function=None)
    except NotFoundError as error:
        raise StoreError(f"The index has no collection {COLLECTION!r}: run cancer-bot ingest --force.") from error


def rows(one: Located, title: str) -> Iterator[Row]:
    """A passage, from which it can be read back whole, and its sentences; `title` is its document's."""
    p = one.passage
    common = {
        "document": one.document,
        "title": title,
        "section": json.dumps(p.section.path, ensure_ascii=False),
        "about": p.section.about,
        "passage": p.id,
    }
    sentences = json.dumps([(s.id, s.start, s.end) for s in p.sentences])
    own = {"kind": "passage", "start": p.start, "end": p.end, "number": one.number, "sentences": sentences}
    yield p.id, p.text, {**common, **own}, embedded_text(p.section, p.text)
    for s in p.sentences:
        own = {"kind": "sentence", "start": s.start, "end": s.end}
        yield s.id, s.text, {**common, **own}, embedded_text(p.section, s.text)


def write(collection: "Collection", new: Iterable[Row], kept: "Collection | None", embed: Embed, guarded: Guarded) -> int:
    """Add rows, with the vectors that `kept` has of them; the others go through `embed`. Returns how many those were.

    No more than one batch is ever held in memory. `guarded` stands around every use of a collection.
    """
    embedded = 0
    for batch in _batches(new):
        with guarded():
            vectors = _vectors(kept, [id for id, _, _, _ in batch]) if kept else {}
        missing = [(id, text) for id, _, _, text in batch if id not in vectors]
        if missing:
            vectors.update(zip((id for id, _ in missing), embed([text for _, text in missing]), strict=True))
        with guarded():
            collection.add(
                ids=[id for id, _, _, _ in batch],
                documents=[text for _, text, _, _ in batch],
                metadatas=[metadata for _, _, metadata, _ in batch],
                embeddings=[vectors[id] for id, _, _, _ in batch],
            )
        embedded += len(missing)
    return embedded


def patch(
    collection: "Collection", documents: Iterable[str], new: Sequence[Row], embed: Embed, guarded: Guarded
) -> tuple[int, int]:
    """Make the rows of these documents the `new` ones, touching only what differs.

    Returns how many were embedded, and how many vectors came or went.
    """
    old: dict[str, dict[str, Any]] = {}
    with guarded():
        for name in documents:
            found = collection.get(where={"document": name}, include=["metadatas"])
            old.update((id, dict(metadata)) for id, metadata in zip(found["ids"], found["metadatas"] or [], strict=True))
        gone = sorted(old.keys() - {id for id, _, _, _ in new})
        for ids in _batches(gone):
            collection.delete(ids=ids)
        for moved in _batches(row for row in new if row[0] in old and old[row[0]] != row[2]):
            collection.update(ids=[id for id, _, _, _ in moved], metadatas=[metadata for _, _, metadata, _ in moved])
    fresh = [row for row in new if row[0] not in old]
    return write(collection, fresh, None, embed, guarded), len(fresh) + len(gone)


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    for item in items:
        batch.append(item)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _vectors(collection: "Collection", ids: list[str]) -> dict[str, Sequence[float]]:
    """Those of `ids` that are there, each with its vector."""
    found = collection.get(ids=ids, include=["embeddings"])
    vectors = found["embeddings"] if found["embeddings"] is not None else []
    # Plain lists: Chroma refuses a batch that mixes arrays and lists.
    return {id: [float(number) for number in vector] for id, vector in zip(found["ids"], vectors, strict=True)}


def read_located(collection: "Collection", ids: list[str]) -> Iterator[Located]:
    """The passages of `ids` that are there, in any order, as they stand in the collection: not checked."""
    found = collection.get(ids=ids, include=["documents", "metadatas"])
    for id, text, metadata in zip(found["ids"], found["documents"] or [], found["metadatas"] or [], strict=True):
        yield _located(id, text, metadata)


def _located(id: str, text: str, metadata: Mapping[str, Any]) -> Located:
    start = int(metadata["start"])
    sentences = tuple(Sentence(s, text[a - start : b - start], a, b) for s, a, b in json.loads(metadata["sentences"]))
    section = Section(tuple(json.loads(metadata["section"])), about=bool(metadata["about"]))
    passage = Passage(id, text, start, int(metadata["end"]), section, sentences)
    return Located(str(metadata["document"]), int(metadata["number"]), passage)
