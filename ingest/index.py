"""Bringing the index up to date with its sources, and opening the one that matches them."""

import contextlib
import datetime
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.catalogue import Catalogue
from ingest.documents import Document, read_documents
from ingest.embeddings import SentenceTransformerEmbeddings
from ingest.errors import StoreError
from ingest.extracted import FOLDER as TEXTS
from ingest.extracted import forget_others
from ingest.located import Contents, located
from ingest.manifest import Manifest, Model
from ingest.passages import cut
from ingest.reading import Index, versions_of
from ingest.server import Server
from ingest.snapshot import DamagedStoreError, store_hashes
from ingest.store import Row, patch, rows, write
from ingest.versions import Aside, Say, Versions
from ingest.weights import Weights

__all__ = [
    "Index",
    "Ingested",
    "Progress",
    "Say",
    "damage",
    "ingest",
    "matches",
    "open_index",
    "stale_because",
]

# A store is patched until so large a share of its vectors came or went; then it is written anew: the graph wears out.
WORN = 0.5

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Ingested:
    """What an ingest did. `embedded` counts the texts that went through the encoder; the rest kept their vectors."""

    manifest: Manifest
    rebuilt: bool
    embedded: int
    seconds: float


def stale_because(index: Path | Server, documents: Sequence[Document], weights: Weights) -> str | None:
    """Why the index has to be built, as a clause for a person; None when it matches. Opens neither model nor store."""
    with _versions(index) as versions:
        return _stale_because(versions, versions.manifest(), documents, weights)


def matches(index: Path | Server, documents: Sequence[Document], weights: Weights) -> Manifest | None:
    """The manifest of the live version where it is of these sources and this encoder."""
    with _versions(index) as versions:
        manifest = versions.manifest()
        return None if _stale_because(versions, manifest, documents, weights) else manifest


def ingest(
    docs: Path,
    index: Path | Server,
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
    documents = read_documents(docs, texts=_texts(index))
    with _versions(index) as versions:
        manifest = None if force else _usable(index, versions, documents, weights)
        if manifest and not versions.litter():
            return Ingested(manifest, rebuilt=False, embedded=0, seconds=time.perf_counter() - begun)
        with versions.writing(say):
            # Whoever wrote before may have built just what we want.
            manifest = None if force else _usable(index, versions, documents, weights)
            versions.tidy()
            if manifest:
                return Ingested(manifest, rebuilt=False, embedded=0, seconds=time.perf_counter() - begun)
            manifest, embedded = _build(versions, documents, weights, reuse=not force, progress=progress)
    forget_others(_texts(index), (document.key for document in documents if document.key))
    return Ingested(manifest, rebuilt=True, embedded=embedded, seconds=time.perf_counter() - begun)


def open_index(
    docs: Path,
    index: Path | Server,
    weights: Weights,
    *,
    progress: Progress | None = None,
    say: Say | None = None,
    build: bool = True,
) -> Index:
    """Open the index that matches the sources, building it first where it is missing, stale or damaged.

    Without `build` that is a `StoreError`.
    """
    documents = read_documents(docs, texts=_texts(index))
    for _ in range(3):
        damaged = False
        with _versions(index) as versions:
            manifest = versions.manifest()
            reason = _stale_because(versions, manifest, documents, weights)
        if reason is None and manifest:
            try:
                return Index(documents, manifest, index)
            except DamagedStoreError as error:
                # A writer may have switched between our look at the manifest and the copy; then the next look works.
                if _moved_on(index, manifest):
                    continue
                damaged, reason = True, f"it was damaged ({error})"  # the manifest, perhaps: nothing of it is taken over
        if not build:
            raise StoreError(f"The index in {index} has to be built ({reason}): run cancer-bot ingest.")
        if say:
            say(f"Building the index: {reason}.")
        ingest(docs, index, weights, force=damaged, progress=progress, say=say)
        documents = read_documents(docs, texts=_texts(index))
    raise StoreError(f"The index in {index} does not stay as it was built: is another program changing it or the sources?")


def _moved_on(index: Path | Server, manifest: Manifest) -> bool:
    with _versions(index) as versions:
        return versions.current() != manifest.store


def _versions(index: Path | Server) -> contextlib.closing[Versions]:
    return contextlib.closing(versions_of(index))


def _stale_because(versions: Versions, manifest: Manifest | None, documents: Sequence[Document], weights: Weights) -> str | None:
    if manifest is None:
        return "it can't be read by this version" if versions.begun() else "there is none yet"
    if not manifest.compatible:
        return "another version of this program made it"
    if manifest.model.stamp != weights.stamp and manifest.model.sha256 != weights.sha256():
        return f"another embedding model made it ({manifest.model.name})"
    if manifest.sources != _fingerprints(documents):
        return "the sources have changed"
    if not versions.there(manifest):
        return f"its store {manifest.store} is gone"
    return None


def _usable(index: Path | Server, versions: Versions, documents: Sequence[Document], weights: Weights) -> Manifest | None:
    """The manifest where it matches and the whole store is as it was written."""
    manifest = versions.manifest()
    if manifest is None or _stale_because(versions, manifest, documents, weights):
        return None
    return None if damage(index, documents, manifest) else manifest


def damage(index: Path | Server, documents: Sequence[Document], manifest: Manifest) -> str | None:
    """What is wrong with the store of a manifest: files against their hashes, or on a server each passage read and compared."""
    try:
        if isinstance(index, Path):
            return None if store_hashes(index / manifest.store) == manifest.files else "its files are not those that were written"
        with Index(documents, manifest, index) as opened:
            opened.verify()
    except (OSError, DamagedStoreError) as error:
        return str(error)
    return None


def _texts(index: Path | Server) -> Path:
    """Where this machine keeps the texts that were taken out of HTML and PDF."""
    return (index.cache if isinstance(index, Server) else index) / TEXTS


def _fingerprints(documents: Sequence[Document]) -> dict[str, str]:
    return {document.name: document.fingerprint for document in documents}


def _build(
    versions: Versions, documents: Sequence[Document], weights: Weights, *, reuse: bool, progress: Progress | None
) -> tuple[Manifest, int]:
    """Build a version aside, then switch to it. Returns its manifest and how many texts were embedded."""
    model = Model(name=weights.name, sha256=weights.sha256(), stamp=weights.stamp)
    contents = [(document, passage) for document in documents for passage in cut(document)]
    catalogue = Catalogue.from_contents(contents)
    old = versions.manifest() if reuse else None
    last = old if old and old.compatible and old.model.sha256 == model.sha256 and versions.there(old) else None
    sources, total = _fingerprints(documents), sum(1 + len(passage.sentences) for _, passage in contents)
    changed = _changed(last, sources) if last else set(sources)
    most = _rows_of(contents, changed)
    patchable = last is not None and last.patched + most <= WORN * total
    embed = _Embedding(weights, progress, most)
    with versions.aside(last, patch=patchable) as aside:
        embedded, touched = _fill(aside, contents, changed, embed, versions)
    try:
        manifest = Manifest(
            model=model,
            sources=sources,
            store=aside.name,
            files=versions.seal(aside.name, catalogue),
            digest=catalogue.digest,
            patched=last.patched + touched if last and aside.patched else 0,
            documents=len(documents),
            passages=len(contents),
            sentences=total - len(contents),
            created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        )
        versions.switch(manifest)
    except BaseException:
        versions.discard(aside.name)
        raise
    versions.tidy()
    return manifest, embedded


def _changed(last: Manifest, sources: dict[str, str]) -> set[str]:
    """The names of documents that came, went or changed."""
    return {name for name in last.sources.keys() | sources.keys() if last.sources.get(name) != sources.get(name)}


def _rows_of(contents: Contents, names: set[str]) -> int:
    return sum(1 + len(passage.sentences) for document, passage in contents if document.name in names)


def _fill(aside: Aside, contents: Contents, changed: set[str], embed: "_Embedding", versions: Versions) -> tuple[int, int]:
    """Write what has to be written. Returns how many texts were embedded, and how many vectors of a patched store changed."""
    if not aside.patched:
        return write(aside.collection, _rows(contents), aside.kept, embed, versions.guarded), 0
    new = list(_rows([(document, passage) for document, passage in contents if document.name in changed]))
    return patch(aside.collection, sorted(changed), new, embed, versions.guarded)


def _rows(contents: Contents) -> Iterator[Row]:
    for (document, _), one in zip(contents, located(contents), strict=True):
        yield from rows(one, document.title)


class _Embedding:
    """The encoder, loaded when there is something to embed, and how far it is."""

    def __init__(self, weights: Weights, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self._embeddings = SentenceTransformerEmbeddings(weights, progress=self._tell)

    def __call__(self, texts: list[str]) -> list[list[float]]:
        vectors = self._embeddings.embed_documents(texts)
        self._done += len(texts)
        return vectors

    def _tell(self, done: int, _: int) -> None:
        if self._progress:
            self._progress(self._done + done, self._total)
