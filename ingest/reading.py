"""An open index: the nearest by meaning, the words' scores, and passages that are checked when they are read."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, overload

from ingest.catalogue import Catalogue
from ingest.documents import Document
from ingest.folder import FolderVersions
from ingest.located import Located
from ingest.manifest import Manifest
from ingest.passages import Passage, cut
from ingest.server import Server
from ingest.shared import ServerVersions
from ingest.snapshot import DamagedStoreError
from ingest.store import read_located
from ingest.versions import SMALL, Opened, Versions

if TYPE_CHECKING:
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings

# Passages that a reader of a large index keeps at hand: some megabytes.
KEPT = 2000

# A passage of one sentence lies exactly where its sentence does, and the vector search gives such two in an order that changes
# from one build to the next: so many more than asked for are fetched, to cut between them always alike.
TIED = 16

# Cosines that agree to so many decimals count as equally near; float32 and the make-up of a batch leave less than that.
DECIMALS = 5

# Passages that are read at a time where somebody goes through a whole document.
PAGE = 64


def versions_of(index: Path | Server) -> Versions:
    """Where the versions of an index live; close it after use."""
    return ServerVersions(index) if isinstance(index, Server) else FolderVersions(index)


def catalogue_of(documents: Sequence[Document]) -> Catalogue:
    """What an index of these documents has to hold."""
    return Catalogue.from_contents([(document, passage) for document in documents for passage in cut(document)])


class Index:
    """An open index. Reads only, and from the version that it was opened on; close it, or use it in a `with`.

    `small`: all passages are held in memory, and every sentence can be looked at for every question.
    """

    def __init__(self, documents: Sequence[Document], manifest: Manifest, index: Path | Server) -> None:
        """Open the live version in `index`, which `manifest` was read from.

        Raises `DamagedStoreError` where something of it is missing or changed.
        """
        self.manifest = manifest
        self.small = manifest.sentences <= SMALL
        self.documents = {document.name: document for document in documents}
        with ExitStack() as stack:
            versions = versions_of(index)
            stack.callback(versions.close)
            self._guarded = versions.guarded
            self._opened = stack.enter_context(versions.opened(manifest, lambda: catalogue_of(documents)))
            self.catalogue = self._opened.catalogue
            with self._guarded():
                self._count = self._opened.collection.count()
            if self.catalogue.digest != manifest.digest or self._count != manifest.passages + manifest.sentences:
                raise DamagedStoreError(f"The index {versions.name} does not hold what its manifest says: run cancer-bot ingest.")
            self._read = _Reader(self._opened, self.documents, versions)
            self.passages: Mapping[str, Sequence[Passage]] = {
                name: _Passages(self._read, self.catalogue, start, count) for name, (start, count) in self.catalogue.first.items()
            }
            if self.small:
                self.passages = {name: tuple(passages) for name, passages in self.passages.items()}
            self._resources = stack.pop_all()

    def search(self, vector: list[float], *, k: int) -> dict[str, float]:
        """The ids of the `k` nearest passages and sentences with their cosine similarity, -1 to 1, nearest first.

        Of equally near ones the smaller id comes first, so that every index of the same texts gives the same.
        """
        query: list[Sequence[float] | Sequence[int]] = [vector]
        with self._guarded():
            found = self._opened.collection.query(
                query_embeddings=query, n_results=min(k + TIED, self._count), include=["distances"]
            )
        distances = found["distances"] or [[]]
        cosines = {id: round(1.0 - distance, DECIMALS) for id, distance in zip(found["ids"][0], distances[0], strict=True)}
        return dict(sorted(cosines.items(), key=lambda one: (-one[1], one[0]))[:k])

    def around(self, ids: Sequence[str], rows: Sequence[int]) -> list[Located]:
        """The passages that are, or hold, what has these ids or stands in these rows of the catalogue; in the texts' order."""
        ordinals = {int(self.catalogue.sentences[row][0]) for row in rows}
        wanted = dict.fromkeys([*self._read.passages_with(ids), *(self.catalogue.id_of(ordinal) for ordinal in ordinals)])
        first = self.catalogue.first
        return sorted(self._read(list(wanted)), key=lambda one: first[one.document][0] + one.number)

    def verify(self) -> None:
        """Read every passage. Raises `DamagedStoreError` on the first that is not what was ingested."""
        for passages in self.passages.values():
            for passage in passages:
                assert passage.text

    def vector_store(self, embeddings: "Embeddings") -> "Chroma":
        """The same collection as LangChain's vector store, for a chain of your own. Lives as long as this index."""
        from langchain_chroma import Chroma

        name = self._opened.collection.name
        return Chroma(name, embeddings, client=self._opened.client, create_collection_if_not_exists=False)

    def close(self) -> None:
        """Let go of what is open."""
        self._resources.close()

    def __enter__(self) -> "Index":
        """Nothing to do: the index is open."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Let go of what is open."""
        self.close()


class _Reader:
    """Reads passages by their ids and keeps the last ones; none leaves that differs from what was ingested or from the text."""

    def __init__(self, opened: Opened, documents: Mapping[str, Document], versions: Versions) -> None:
        self._opened = opened
        self._documents = documents
        self._guarded = versions.guarded
        self._name = versions.name
        self._kept: OrderedDict[str, Located] = OrderedDict()
        self._passage_of: dict[str, str] = {}
        self._lock = threading.Lock()

    def __call__(self, ids: Sequence[str]) -> list[Located]:
        with self._lock:
            found = {id: self._kept[id] for id in ids if id in self._kept}
        missing = [id for id in ids if id not in found]
        if missing:
            with self._guarded():
                read = list(read_located(self._opened.collection, missing))
            found |= {one.passage.id: self._checked(one) for one in read}
        if lost := [id for id in ids if id not in found]:
            raise self._damaged(f"lacks the passage {lost[0]}")
        with self._lock:
            for id in ids:
                self._keep(found[id])
        return [found[id] for id in ids]

    def passages_with(self, ids: Sequence[str]) -> list[str]:
        """The id of the passage that is, or holds, each of `ids`."""
        passage_of = {id: passage for id in ids if (passage := self._passage_of.get(id))}
        if unknown := [id for id in ids if id not in passage_of]:
            with self._guarded():
                found = self._opened.collection.get(ids=unknown, include=["metadatas"])
            passage_of |= {id: str(m["passage"]) for id, m in zip(found["ids"], found["metadatas"] or [], strict=True)}
        return list(dict.fromkeys(passage_of.values()))

    def _checked(self, one: Located) -> Located:
        document, p = self._documents.get(one.document), one.passage
        if document is None or document.text[p.start : p.end] != p.text or not self._opened.catalogue.holds(one):
            raise self._damaged(f"holds another passage {p.id} than was ingested")
        return one

    def _damaged(self, what: str) -> DamagedStoreError:
        return DamagedStoreError(f"The index {self._name} {what}: run cancer-bot ingest --force.")

    def _keep(self, one: Located) -> None:
        self._kept[one.passage.id] = one
        self._kept.move_to_end(one.passage.id)
        self._passage_of.update((id, one.passage.id) for id in _ids(one))
        while len(self._kept) > KEPT:
            for id in _ids(self._kept.popitem(last=False)[1]):
                self._passage_of.pop(id, None)


def _ids(one: Located) -> list[str]:
    return [one.passage.id, *(sentence.id for sentence in one.passage.sentences)]


class _Passages(Sequence[Passage]):
    """The passages of a document, each read when it is asked for."""

    def __init__(self, read: _Reader, catalogue: Catalogue, start: int, count: int) -> None:
        self._read, self._catalogue, self._start, self._count = read, catalogue, start, count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, number: int) -> Passage: ...
    @overload
    def __getitem__(self, number: slice) -> tuple[Passage, ...]: ...
    def __getitem__(self, number: int | slice) -> Passage | tuple[Passage, ...]:
        chosen = range(self._count)[number]
        if isinstance(chosen, int):
            return self._some(range(chosen, chosen + 1))[0]
        return self._some(chosen)

    def __iter__(self) -> Iterator[Passage]:
        for start in range(0, self._count, PAGE):
            yield from self._some(range(start, min(start + PAGE, self._count)))

    def _some(self, numbers: range) -> tuple[Passage, ...]:
        ids = [self._catalogue.id_of(self._start + number) for number in numbers]
        return tuple(one.passage for one in self._read(ids))
