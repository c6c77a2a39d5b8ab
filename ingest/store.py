"""The Chroma collection: passages and sentences, each with its vector and all that a citation needs."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.documents import Document
from ingest.errors import StoreError
from ingest.passages import Passage, Section, Sentence

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection

COLLECTION = "passages"

# As exact as HNSW gets on collections of this size; a question's search stays around a millisecond.
_HNSW: "CreateHNSWConfiguration" = {"space": "cosine", "ef_construction": 200, "ef_search": 200}


def embedded_text(section: Section, text: str) -> str:
    """What the encoder reads of a slice: its section's title as context, and the slice with plain spaces."""
    return f"{section.title}: {' '.join(text.split())}"


@contextlib.contextmanager
def open_client(folder: Path) -> "Iterator[ClientAPI]":
    """Chroma on a folder, without telemetry and deaf to `.env` files; its errors come out as `StoreError`."""
    import chromadb
    from chromadb.config import Settings
    from chromadb.errors import ChromaError

    # SQLite, under Chroma, has temporary files of its own: in the folder that Python found to be writable, like ours.
    os.environ["SQLITE_TMPDIR"] = tempfile.gettempdir()
    try:
        # `_env_file` and `close` are there at run time; the types of pydantic-settings and chromadb do not show them.
        settings = Settings(_env_file=None, anonymized_telemetry=False)  # type: ignore[call-arg]
        client = chromadb.PersistentClient(path=str(folder), settings=settings)
        try:
            yield client
        finally:
            client.close()  # type: ignore[attr-defined]
    except ChromaError as error:
        reason = str(error).strip().splitlines()[0]
        # It does not say which of the two folders that it writes into was full.
        raise StoreError(
            f"Chroma can't use the index in {folder}: {reason}. "
            f"Check that its disk and the temporary folder {tempfile.gettempdir()} have room and can be written."
        ) from error


def write(folder: Path, contents: Sequence[tuple[Document, Passage]], vectors: Mapping[str, Sequence[float]]) -> None:
    """Write passages and their sentences into a new collection in `folder`; `vectors` has one vector per id."""
    rows = [row for document, passage in contents for row in _rows(document, passage)]
    with open_client(folder) as client:
        collection = client.create_collection(COLLECTION, configuration={"hnsw": _HNSW}, embedding_function=None)
        size = client.get_max_batch_size()
        for start in range(0, len(rows), size):
            batch = rows[start : start + size]
            collection.add(
                ids=[id for id, _, _ in batch],
                documents=[text for _, text, _ in batch],
                metadatas=[metadata for _, _, metadata in batch],
                embeddings=[vectors[id] for id, _, _ in batch],
            )


def _rows(document: Document, passage: Passage) -> Iterator[tuple[str, str, dict[str, Any]]]:
    common = {
        "document": document.name,
        "title": document.title,
        "section": json.dumps(passage.section.path, ensure_ascii=False),
        "about": passage.section.about,
        "source_sha256": document.sha256,
        "passage": passage.id,
    }
    yield passage.id, passage.text, {**common, "kind": "passage", "start": passage.start, "end": passage.end}
    for s in passage.sentences:
        yield s.id, s.text, {**common, "kind": "sentence", "start": s.start, "end": s.end}


def collection_of(client: "ClientAPI") -> "Collection":
    """The collection of an open store. Raises `StoreError` where it is missing."""
    from chromadb.errors import NotFoundError

    try:
        return client.get_collection(COLLECTION, embedding_function=None)
    except NotFoundError as error:
        raise StoreError(f"The index has no collection {COLLECTION!r}: run cancer-bot ingest --force.") from error


def read_vectors(collection: "Collection") -> dict[str, Sequence[float]]:
    """Every id with its vector."""
    rows = collection.get(include=["embeddings"])
    vectors = rows["embeddings"] if rows["embeddings"] is not None else []
    # Plain lists: Chroma refuses a batch that mixes arrays and lists.
    return {id: [float(number) for number in vector] for id, vector in zip(rows["ids"], vectors, strict=True)}


def read_passages(collection: "Collection") -> dict[str, tuple[Passage, ...]]:
    """Each document's name with its passages, in the order of its text."""
    rows = collection.get(include=["documents", "metadatas"])
    texts, metadatas = rows["documents"] or [], rows["metadatas"] or []
    table: list[tuple[str, str, Mapping[str, Any]]] = list(zip(rows["ids"], texts, metadatas, strict=True))
    table.sort(key=lambda row: (row[2]["document"], row[2]["start"]))
    sentences: dict[str, list[Sentence]] = {}
    for id, text, metadata in table:
        if metadata["kind"] == "sentence":
            sentences.setdefault(metadata["passage"], []).append(Sentence(id, text, metadata["start"], metadata["end"]))
    passages: dict[str, list[Passage]] = {}
    for id, text, metadata in table:
        if metadata["kind"] == "passage":
            section = Section(tuple(json.loads(metadata["section"])), about=metadata["about"])
            passage = Passage(id, text, metadata["start"], metadata["end"], section, tuple(sentences[id]))
            passages.setdefault(metadata["document"], []).append(passage)
    return {name: tuple(found) for name, found in passages.items()}
