"""Which of several documents a question is about, by its words: a question that names a subject is answered from its leaflet."""

from collections.abc import Mapping, Sequence

from ingest.documents import Document
from ingest.words import stems

# The words of its title say more of a document than any others.
TITLE_COUNTS = 3


class Library:
    """The words of each document as a whole, in memory."""

    def __init__(self, documents: Sequence[Document]) -> None:
        """Count them; nothing is counted where there is one document."""
        from bm25s import BM25

        self._names = [document.name for document in documents]
        self._bm25: BM25 | None = None
        if len(documents) > 1:
            rows = [stems(f"{document.title} " * TITLE_COUNTS + document.text) for document in documents]
            self._known = frozenset(stem for row in rows for stem in row)
            self._bm25 = BM25()
            self._bm25.index([row or [""] for row in rows], show_progress=False)

    def fits(self, wanted: Sequence[str]) -> Mapping[str, float]:
        """How well each document fits the stems of a question: 1 the one that fits best, 0 none of them or one alone."""
        known = [stem for stem in wanted if stem in self._known] if self._bm25 else []
        if self._bm25 is None or not known:
            return dict.fromkeys(self._names, 0.0)
        scores = self._bm25.get_scores(known)
        best = float(scores.max()) or 1.0
        return {name: float(score) / best for name, score in zip(self._names, scores, strict=True)}
