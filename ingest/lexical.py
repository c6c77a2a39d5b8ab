"""The lexical half of the index: BM25 over the sentences, written once and read through memory-mapped files."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ingest.words import stems

if TYPE_CHECKING:
    import numpy as np
    from bm25s import BM25


class Lexical:
    """BM25 (Lù 2024, the variant of Lucene) of words against sentences, which are counted by row."""

    def __init__(self, bm25: "BM25") -> None:
        """`bm25`: made or loaded."""
        self._bm25 = bm25

    @classmethod
    def from_texts(cls, texts: Iterable[str]) -> Self:
        """A text a row."""
        from bm25s import BM25

        bm25 = BM25()
        bm25.index([stems(text) or [""] for text in texts] or [[""]], show_progress=False)
        return cls(bm25)

    @classmethod
    def from_folder(cls, folder: Path) -> Self:
        """What `save` wrote; its arrays stay on disk, only the vocabulary is read into memory."""
        from bm25s import BM25

        return cls(BM25.load(folder, mmap=True, show_progress=False))

    def save(self, folder: Path) -> None:
        """Write it into an existing folder."""
        self._bm25.save(folder, show_progress=False)

    def knows(self, stem: str) -> bool:
        """Whether any text has a word of this stem."""
        return stem in self._bm25.vocab_dict

    def scores(self, known: Sequence[str]) -> "np.ndarray":
        """The score of each row, 0 and up, for stems that are known; float32."""
        import numpy as np

        rows = self._bm25.scores["num_docs"]
        scores: np.ndarray = self._bm25.get_scores(list(known)) if known else np.zeros(rows, dtype=np.float32)
        return scores
