"""What stands where: the passages in the order of the texts, each with a digest of all that was ingested of it.

A reader holds this, not the passages: 24 bytes a passage and 8 a sentence, memory-mapped. Whatever it reads from a store is
compared with the digest, so that a store that can't be hashed file by file can't change a word unnoticed.
"""

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ingest.lexical import Lexical
from ingest.located import DIGEST_BYTES, Contents, Located, digest, embedded_text, located

if TYPE_CHECKING:
    import numpy as np


class Catalogue:
    """The order of passages and sentences. A passage has an ordinal over all documents; a sentence of the subject has a row.

    `ids`: uint64 by ordinal; `digests`: uint8 by ordinal and byte; `first_rows`: int64 by ordinal, -1 where the passage speaks
    of the document itself; `sentences`: int32 by row: ordinal of its passage, place there. `first`: a document's name → its
    first ordinal and its number of passages.
    """

    def __init__(self, arrays: "dict[str, np.ndarray]", first: dict[str, tuple[int, int]], lexical: Lexical) -> None:
        """Keep the arrays by their names."""
        self.first = first
        self.lexical = lexical
        self._arrays = arrays
        self.ids, self.digests = arrays["ids"], arrays["digests"]
        self.first_rows, self.sentences = arrays["first_rows"], arrays["sentences"]

    @classmethod
    def from_contents(cls, contents: Contents) -> Self:
        """Of what was cut, documents in their order and the passages of each together."""
        import numpy as np

        every = list(located(contents))
        first: dict[str, tuple[int, int]] = {}
        first_rows: list[int] = []
        sentences: list[tuple[int, int]] = []
        texts: list[str] = []
        for ordinal, one in enumerate(every):
            start, count = first.get(one.document, (ordinal, 0))
            first[one.document] = (start, count + 1)
            first_rows.append(-1 if one.passage.section.about else len(sentences))
            if not one.passage.section.about:
                sentences += [(ordinal, place) for place in range(len(one.passage.sentences))]
                texts += [embedded_text(one.passage.section, sentence.text) for sentence in one.passage.sentences]
        arrays: dict[str, np.ndarray] = {
            "ids": np.array([int(one.passage.id, 16) for one in every], dtype=np.uint64),
            "digests": np.frombuffer(b"".join(digest(one) for one in every), dtype=np.uint8).reshape(-1, DIGEST_BYTES),
            "first_rows": np.array(first_rows, dtype=np.int64),
            "sentences": np.array(sentences, dtype=np.int32).reshape(-1, 2),
        }
        return cls(arrays, first, Lexical.from_texts(texts))

    @classmethod
    def from_folder(cls, folder: Path) -> Self:
        """What `save` wrote, memory-mapped. Raises `OSError` or `ValueError` where it is not whole."""
        import numpy as np

        names = ("ids", "digests", "first_rows", "sentences")
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in names}
        first = {name: (start, count) for name, start, count in json.loads((folder / "documents.json").read_bytes())}
        return cls(arrays, first, Lexical.from_folder(folder))

    def save(self, folder: Path) -> None:
        """Write it into a new folder."""
        import numpy as np

        folder.mkdir(parents=True)
        for name, array in self._arrays.items():
            np.save(folder / f"{name}.npy", array)
        rows = [(name, start, count) for name, (start, count) in self.first.items()]
        (folder / "documents.json").write_text(json.dumps(rows), encoding="utf-8")
        self.lexical.save(folder)

    @cached_property
    def digest(self) -> str:
        """Of all passages in their order: equal digests, equal contents."""
        return hashlib.sha256(self.digests.tobytes()).hexdigest()

    def id_of(self, ordinal: int) -> str:
        """The id of a passage."""
        return f"{int(self.ids[ordinal]):016x}"

    def holds(self, one: Located) -> bool:
        """Whether a passage that was read is the one that was ingested, to the letter."""
        start, count = self.first.get(one.document, (0, 0))
        return 0 <= one.number < count and self.digests[start + one.number].tobytes() == digest(one)

    def row(self, one: Located, place: int) -> int:
        """The row of a sentence of the subject."""
        return int(self.first_rows[self.first[one.document][0] + one.number]) + place
