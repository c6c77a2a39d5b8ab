"""Dense and lexical search over the index: every sentence that may answer, with its score, best first."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.library import Library
from bot.words import stems
from ingest.documents import Document
from ingest.experience import Experience, Neighbours
from ingest.index import Index
from ingest.passages import Passage, Sentence
from ingest.store import embedded_text

if TYPE_CHECKING:
    import numpy as np
    from langchain_core.embeddings import Embeddings

# How many of the nearest passages and sentences the vector search returns.
NEAREST = 64

# Weights of the fused score beside the sentence's own cosine, chosen on the development set. A BM25 of BM25_SCALE counts
# as strong: tanh flattens what lies above it, so that one rare word can't outweigh the meaning.
PASSAGE_WEIGHT = 0.15
BM25_WEIGHT = 0.2
BM25_SCALE = 6.0

# What it counts that the question's words are a document's own; sections of the same name stand in many leaflets.
DOCUMENT_WEIGHT = 0.15


@dataclass(frozen=True)
class Candidate:
    """A sentence that may answer, where it stands (passage and sentence counted within the document), and its scores.

    `dense` is the cosine with the question, -1 to 1; `lexical` is BM25, 0 and up; `score` fuses both with the passage's.
    `fit`, 0 to 1, says how well its document fits the question beside the others.
    """

    document: Document
    passage: int
    sentence: int
    score: float
    dense: float
    lexical: float
    fit: float = 0.0


@dataclass(frozen=True)
class Found:
    """What a search gave for a stand-alone question: its candidates, best first, and how the question lies to all there is.

    `coverage`: share of its content words in the best candidate's passage or heading. `known`: share of them anywhere in the
    index. `nothing`: the score of "nothing here", comparable with a cosine; `neighbours`: its place among the questions of the
    bank; both None where the encoder was not tuned. `vector`: what the encoder made of the question.
    """

    question: str
    candidates: tuple[Candidate, ...]
    passage_dense: float
    coverage: float
    known: float
    nothing: float | None = None
    neighbours: Neighbours | None = None
    vector: Sequence[float] = field(default=(), repr=False, compare=False)


def fuse(dense: float, passage_dense: float, lexical: float) -> float:
    """One score from a sentence's cosine, its passage's cosine and its BM25."""
    return dense + PASSAGE_WEIGHT * passage_dense + BM25_WEIGHT * math.tanh(lexical / BM25_SCALE)


class Retriever:
    """Searches one open index. Keeps the sentences' words in memory for the lexical half."""

    def __init__(self, index: Index, embeddings: "Embeddings", experience: Experience | None = None) -> None:
        """Prepare the lexical search; the first question then costs no more than the next."""
        from bm25s import BM25

        self.index = index
        self.embeddings = embeddings
        self.experience = experience
        self._rows = [
            (index.documents[name], number, passage, place, sentence)
            for name, passages in index.passages.items()
            for number, passage in enumerate(passages)
            if not passage.section.about
            for place, sentence in enumerate(passage.sentences)
        ]
        tokens = [stems(embedded_text(passage.section, sentence.text)) for _, _, passage, _, sentence in self._rows]
        self._vocabulary = frozenset(stem for row in tokens for stem in row)
        self._passage_stems = {
            passage.id: frozenset(stems(embedded_text(passage.section, passage.text)))
            for passages in index.passages.values()
            for passage in passages
        }
        self._library = Library(list(index.documents.values()))
        self._bm25 = BM25()
        self._bm25.index([row or [""] for row in tokens] or [[""]], show_progress=False)

    def knows(self, word: str) -> bool:
        """Whether the documents have a word."""
        return not self._vocabulary.isdisjoint(stems(word))

    def search(self, question: str) -> Found:
        """Score every sentence of the index for a stand-alone question."""
        vector = self.embeddings.embed_query(question)
        similarities = self.index.search(vector, k=NEAREST)
        wanted = stems(question)
        known = [stem for stem in wanted if stem in self._vocabulary]
        candidates = sorted(self._candidates(similarities, known), key=lambda c: -c.score)
        return Found(
            question,
            tuple(candidates),
            passage_dense=max((similarities.get(p.id, -1.0) for p in self._all_passages()), default=-1.0),
            coverage=self._coverage(wanted, candidates),
            known=len(known) / len(wanted) if wanted else 0.0,
            nothing=self.experience.null_score(vector) if self.experience else None,
            neighbours=self.experience.neighbours(vector) if self.experience else None,
            vector=vector,
        )

    def _candidates(self, similarities: Mapping[str, float], known: Sequence[str]) -> Iterator[Candidate]:
        lexical: Sequence[float] | np.ndarray = self._bm25.get_scores(known) if known else [0.0] * len(self._rows)
        # What the vector search left out is no nearer than the last that it returned.
        floor = min(similarities.values(), default=0.0)
        fits = self._library.fits(known)
        for (document, number, passage, place, sentence), bm25 in zip(self._rows, lexical, strict=True):
            dense = similarities.get(sentence.id, floor)
            score = fuse(dense, similarities.get(passage.id, floor), float(bm25)) + DOCUMENT_WEIGHT * fits[document.name]
            yield Candidate(document, number, place, score, dense, float(bm25), fits[document.name])

    def _coverage(self, wanted: Sequence[str], candidates: Sequence[Candidate]) -> float:
        if not wanted or not candidates:
            return 0.0
        there = self._passage_stems[self.passage(candidates[0]).id]
        return len(there.intersection(wanted)) / len(set(wanted))

    def _all_passages(self) -> Iterator[Passage]:
        return (passage for passages in self.index.passages.values() for passage in passages if not passage.section.about)

    def passages(self, document: Document) -> tuple[Passage, ...]:
        """The passages of a document, in its order."""
        return self.index.passages[document.name]

    def passage(self, candidate: Candidate) -> Passage:
        """The passage that a candidate stands in."""
        return self.passages(candidate.document)[candidate.passage]

    def sentence(self, candidate: Candidate) -> Sentence:
        """The sentence that a candidate is."""
        return self.passage(candidate).sentences[candidate.sentence]
