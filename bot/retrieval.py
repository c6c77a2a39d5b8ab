"""Dense and lexical search over the index: every sentence that may answer, with its score, best first."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.words import stems
from ingest.documents import Document
from ingest.index import Index
from ingest.passages import Passage, Sentence
from ingest.store import embedded_text

if TYPE_CHECKING:
    import numpy as np
    from langchain_core.embeddings import Embeddings

# How many of the nearest passages and sentences the vector search returns.
NEAREST = 64

# Weights of the fused score beside the sentence's own cosine, chosen on the question bank. A BM25 of BM25_SCALE counts
# as strong: tanh flattens what lies above it, so that one rare word can't outweigh the meaning.
PASSAGE_WEIGHT = 0.15
BM25_WEIGHT = 0.2
BM25_SCALE = 6.0


@dataclass(frozen=True)
class Candidate:
    """A sentence that may answer, where it stands (passage and sentence counted within the document), and its scores.

    `dense` is the cosine with the question, -1 to 1; `lexical` is BM25, 0 and up; `score` fuses both with the passage's.
    """

    document: Document
    passage: int
    sentence: int
    score: float
    dense: float
    lexical: float


@dataclass(frozen=True)
class Found:
    """What a search gave: the stand-alone question and its candidates, best first (none only for a question without words)."""

    question: str
    candidates: tuple[Candidate, ...]
    coverage: float


def fuse(dense: float, passage_dense: float, lexical: float) -> float:
    """One score from a sentence's cosine, its passage's cosine and its BM25."""
    return dense + PASSAGE_WEIGHT * passage_dense + BM25_WEIGHT * math.tanh(lexical / BM25_SCALE)


class Retriever:
    """Searches one open index. Keeps the sentences' words in memory for the lexical half."""

    def __init__(self, index: Index, embeddings: "Embeddings") -> None:
        """Prepare the lexical search; the first question then costs no more than the next."""
        from bm25s import BM25

        self.index = index
        self._embeddings = embeddings
        self._rows = [
            (index.documents[name], number, passage, place, sentence)
            for name, passages in index.passages.items()
            for number, passage in enumerate(passages)
            for place, sentence in enumerate(passage.sentences)
        ]
        tokens = [stems(embedded_text(passage.section, sentence.text)) for _, _, passage, _, sentence in self._rows]
        self._stems = [frozenset(row) for row in tokens]
        self._vocabulary = frozenset().union(*self._stems)
        self._bm25 = BM25()
        self._bm25.index([row or [""] for row in tokens], show_progress=False)

    def search(self, question: str) -> Found:
        """Score every sentence of the index for a stand-alone question."""
        similarities = self.index.search(self._embeddings.embed_query(question), k=NEAREST)
        wanted = stems(question)
        lexical = self._lexical(wanted)
        candidates = sorted(self._candidates(similarities, lexical), key=lambda c: -c.score)
        return Found(question, tuple(candidates), self._coverage(wanted, candidates))

    def _lexical(self, wanted: Sequence[str]) -> "Sequence[float] | np.ndarray":
        known = [stem for stem in wanted if stem in self._vocabulary]
        return self._bm25.get_scores(known) if known else [0.0] * len(self._rows)

    def _candidates(self, similarities: Mapping[str, float], lexical: "Sequence[float] | np.ndarray") -> Iterator[Candidate]:
        # What the vector search left out is no nearer than the last that it returned.
        floor = min(similarities.values(), default=0.0)
        for (document, number, passage, place, sentence), bm25 in zip(self._rows, lexical, strict=True):
            if passage.section.about:
                continue
            dense = similarities.get(sentence.id, floor)
            score = fuse(dense, similarities.get(passage.id, floor), float(bm25))
            yield Candidate(document, number, place, score, dense, float(bm25))

    def _coverage(self, wanted: Sequence[str], candidates: Sequence[Candidate]) -> float:
        """Share of the question's content words that stand in the best candidate's passage or its heading, 0 to 1."""
        if not wanted or not candidates:
            return 0.0
        passage = self.passage(candidates[0])
        there = set(stems(embedded_text(passage.section, passage.text)))
        return len(there.intersection(wanted)) / len(set(wanted))

    def passages(self, document: Document) -> tuple[Passage, ...]:
        """The passages of a document, in its order."""
        return self.index.passages[document.name]

    def passage(self, candidate: Candidate) -> Passage:
        """The passage that a candidate stands in."""
        return self.passages(candidate.document)[candidate.passage]

    def sentence(self, candidate: Candidate) -> Sentence:
        """The sentence that a candidate is."""
        return self.passage(candidate).sentences[candidate.sentence]
