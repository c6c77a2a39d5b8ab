"""The index on disk: built aside under one lock, switched by its manifest, read from a checked copy."""

import contextlib
import datetime
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import portalocker

from ingest.documents import Document, read_documents
from ingest.embeddings import SentenceTransformerEmbeddings
from ingest.errors import StoreBusyError, StoreError
from ingest.extracted import FOLDER as TEXTS
from ingest.extracted import forget_others
from ingest.manifest import FILE, Manifest, Model, read_manifest, write_manifest
from ingest.passages import Passage, cut
from ingest.snapshot import DamagedStoreError, Snapshot, store_hashes
from ingest.store import collection_of, embedded_text, open_client, read_passages, read_vectors, write
from ingest.weights import Weights

if TYPE_CHECKING:
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings

# How long a second writer waits for the first; a build of ten thousand passages takes minutes on two cores.
LOCK_SECONDS = 900.0

_STORE_NAME = re.compile(r"store-[0-9a-f]{32}")

Progress = Callable[[int, int], None]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Ingested:
    """What an ingest did. `embedded` counts the texts that went through the encoder; the rest kept their vectors."""

    manifest: Manifest
    rebuilt: bool
    embedded: int
    seconds: float


class Index:
    """An open index. Reads only, from a copy of its own; close it, or use it in a `with`."""

    def __init__(self, documents: Sequence[Document], manifest: Manifest, folder: Path) -> None:
        """Open the live index in `folder`, which `manifest` was read from.

        Raises `DamagedStoreError` where a file of it is missing or changed.
        """
        self.manifest = manifest
        self.documents = {document.name: document for document in documents}
        with ExitStack() as stack:
            snapshot = stack.enter_context(Snapshot(folder, manifest))
            self._client = stack.enter_context(open_client(snapshot.path))
            self._collection = collection_of(self._client)
            self.passages = read_passages(self._collection)
            self._count = self._collection.count()
            self._resources = stack.pop_all()

    def search(self, vector: list[float], *, k: int) -> dict[str, float]:
        """The ids of the `k` nearest passages and sentences with their cosine similarity, -1 to 1, nearest first."""
        query: list[Sequence[float] | Sequence[int]] = [vector]
        found = self._collection.query(query_embeddings=query, n_results=min(k, self._count), include=["distances"])
        distances = found["distances"] or [[]]
        return {id: 1.0 - distance for id, distance in zip(found["ids"][0], distances[0], strict=True)}

    def vector_store(self, embeddings: "Embeddings") -> "Chroma":
        """The same collection as LangChain's vector store, for a chain of your own. Lives as long as this index."""
        from langchain_chroma import Chroma

        name = self._collection.name
        return Chroma(name, embeddings, client=self._client, create_collection_if_not_exists=False)

    def close(self) -> None:
        """Let go of the copy."""
        self._resources.close()

    def __enter__(self) -> "Index":
        """Nothing to do: the index is open."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Let go of the copy."""
        self.close()


def stale_because(index: Path, documents: Sequence[Document], weights: Weights) -> str | None:
    """Why the index has to be built, as a clause for a person; None when it matches. Opens neither model nor store."""
    manifest = read_manifest(index)
    if manifest is None:
        return "it can't be read by this version" if (index / FILE).exists() else "there is none yet"
    if not manifest.compatible:
        return "another version of this program made it"
    if manifest.model.stamp != weights.stamp and manifest.model.sha256 != weights.sha256():
        return f"another embedding model made it ({manifest.model.name})"
    if manifest.sources != _fingerprints(documents):
        return "the sources have changed"
    if not (index / manifest.store).is_dir():
        return f"its folder {manifest.store} is gone"
    return None


def ingest(
    docs: Path,
    index: Path,
    weights: Weights,
    *,
    force: bool = False,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Ingested:
    """Bring the index up to date with the sources; does nothing where it is. The old one stays until the new one is whole.

    `force` builds it anew, vectors and all. Raises `SourceError`, `ModelError` or `StoreError`.
    """
    begun = time.perf_counter()
    documents = read_documents(docs, texts=index / TEXTS)
    manifest = None if force else _usable_manifest(index, documents, weights)
    if manifest:
        return Ingested(manifest, rebuilt=False, embedded=0, seconds=time.perf_counter() - begun)
    with _writing(index, say):
        # Whoever held the lock before may have built just what we want.
        manifest = None if force else _usable_manifest(index, documents, weights)
        if manifest:
            return Ingested(manifest, rebuilt=False, embedded=0, seconds=time.perf_counter() - begun)
        manifest, embedded = _build(index, documents, weights, reuse=not force, progress=progress)
    return Ingested(manifest, rebuilt=True, embedded=embedded, seconds=time.perf_counter() - begun)


def open_index(docs: Path, index: Path, weights: Weights, *, progress: Progress | None = None, say: Say | None = None) -> Index:
    """Open the index that matches the sources, building it first where it is missing, stale or damaged."""
    documents = read_documents(docs, texts=index / TEXTS)
    for _ in range(3):
        reason = stale_because(index, documents, weights)
        manifest = read_manifest(index)
        if reason is None and manifest:
            try:
                return Index(documents, manifest, index)
            except DamagedStoreError as error:
                # A writer may have switched between our look at the manifest and the copy; then the next look works.
                if read_manifest(index) != manifest:
                    continue
                reason = f"it was damaged ({error})"
        if say:
            say(f"Building the index: {reason}.")
        ingest(docs, index, weights, progress=progress, say=say)
        documents = read_documents(docs, texts=index / TEXTS)
    raise StoreError(f"The index in {index} does not stay as it was built: is another program changing it or the sources?")


def _usable_manifest(index: Path, documents: Sequence[Document], weights: Weights) -> Manifest | None:
    manifest = read_manifest(index)
    if manifest is None or stale_because(index, documents, weights):
        return None
    try:
        intact = store_hashes(index / manifest.store) == manifest.files
    except OSError:
        return None
    return manifest if intact else None


def _fingerprints(documents: Sequence[Document]) -> dict[str, str]:
    return {document.name: document.fingerprint for document in documents}


@contextlib.contextmanager
def _writing(index: Path, say: Say | None) -> Iterator[None]:
    """Hold the one lock of the index, which the system frees if we are killed; turn every failure into one line."""
    try:
        index.mkdir(parents=True, exist_ok=True)
        lock = portalocker.Lock(index / "lock", "a", timeout=LOCK_SECONDS, check_interval=0.2)
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
            f"Another process is writing the index {index} for more than {LOCK_SECONDS:.0f} s: try later."
        ) from error
    except OSError as error:
        reason = error.strerror or error
        raise StoreError(f"Can't write the index {index}: {reason}. Free or name another folder with --index.") from error


def _build(
    index: Path, documents: Sequence[Document], weights: Weights, *, reuse: bool, progress: Progress | None
) -> tuple[Manifest, int]:
    """Build a store aside, then switch to it. Returns its manifest and how many texts were embedded."""
    model = Model(name=weights.name, sha256=weights.sha256(), stamp=weights.stamp)
    old = read_manifest(index)
    _remove_stores(index, keep=old.store if old else None)
    contents = [(document, passage) for document in documents for passage in cut(document)]
    texts = {id: text for _, passage in contents for id, text in _embedded_texts(passage)}
    vectors: dict[str, Sequence[float]] = {}
    if reuse and old and old.compatible and old.model.sha256 == model.sha256:
        vectors = {id: vector for id, vector in _old_vectors(index, old).items() if id in texts}
    new = [id for id in texts if id not in vectors]
    if new:
        embeddings = SentenceTransformerEmbeddings(weights, progress=progress)
        vectors.update(zip(new, embeddings.embed_documents([texts[id] for id in new]), strict=True))
    store = index / f"store-{uuid.uuid4().hex}"
    try:
        store.mkdir()
        write(store, contents, vectors)
        manifest = Manifest(
            model=model,
            sources=_fingerprints(documents),
            store=store.name,
            files=store_hashes(store),
            documents=len(documents),
            passages=len(contents),
            sentences=sum(len(passage.sentences) for _, passage in contents),
            created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        )
        write_manifest(index, manifest)
    except BaseException:
        shutil.rmtree(store, ignore_errors=True)
        raise
    _remove_stores(index, keep=store.name)
    forget_others(index / TEXTS, (document.key for document in documents if document.key))
    return manifest, len(new)


def _embedded_texts(passage: Passage) -> Iterator[tuple[str, str]]:
    yield passage.id, embedded_text(passage.section, passage.text)
    for sentence in passage.sentences:
        yield sentence.id, embedded_text(passage.section, sentence.text)


def _old_vectors(index: Path, manifest: Manifest) -> dict[str, Sequence[float]]:
    """The vectors of the live store; none where it is damaged, and then everything is embedded again."""
    try:
        with Snapshot(index, manifest) as snapshot, open_client(snapshot.path) as client:
            return read_vectors(collection_of(client))
    except StoreError:
        return {}


def _remove_stores(index: Path, *, keep: str | None) -> None:
    """Remove what a killed build or the last switch left behind. Only folders that we can have made are touched."""
    for path in index.iterdir():
        if _STORE_NAME.fullmatch(path.name) and path.name != keep:
            shutil.rmtree(path, ignore_errors=True)
