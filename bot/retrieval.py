"""Dense and lexical search over the index: every sentence that may answer, with its score, best first."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

from bot.library import Library
from ingest.documents import Document
from ingest.experience import Experience, Neighbours
from ingest.index import Index
from ingest.located import Located, embedded_text, located
from ingest.passages import Passage, Sentence
from ingest.words import stems

if TYPE_CHECKING:
    import numpy as np
    from langchain_core.embeddings import Embeddings

# How many of the nearest passages and sentences the vector search returns.
NEAREST = 64

# In an index too large to look at every sentence: how many of the best by words are looked at beside the nearest by meaning.
BEST = 32

# Weights of the fused score beside the sentence's own cosine, chosen on the development set. A BM25 of BM25_SCALE counts
# as strong: tanh flattens what lies above it, so that one rare word can't outweigh the meaning.
PASSAGE_WEIGHT = 0.15
BM25_WEIGHT = 0.2
BM25_SCALE = 6.0

# What it counts that a sentence answers the questions of the bank that are nearest to this one, chosen on hands held out.
VOTE_WEIGHT = 0.3

# What it counts that the question's words are a document's own; sections of the same name stand in many leaflets.
DOCUMENT_WEIGHT = 0.15


@dataclass(frozen=True)
class Candidate:
    """A sentence that may answer, where it stands (passage and sentence counted within the document), and its scores.

    `dense` is the cosine with the question, -1 to 1; `lexical` is BM25, 0 and up; `score` fuses both with the passage's.
    `vote`, 0 to 1: the share of the nearest questions of the bank that it answers; `fit`, 0 to 1, says how well its document
    fits the question beside the others.
    """

    document: Document
    passage: int
    sentence: int
    score: float
    dense: float
    lexical: float
    fit: float = 0.0
    vote: float = 0.0

    @property
    def own(self) -> float:
        """The score without the vote: how near the sentence itself comes to the question."""
        return self.score - VOTE_WEIGHT * self.vote


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


def fuse(dense: float, passage_dense: float, lexical: float, vote: float = 0.0) -> float:
    """One score from a sentence's cosine, its passage's cosine, its BM25 and its vote."""
    return dense + PASSAGE_WEIGHT * passage_dense + BM25_WEIGHT * math.tanh(lexical / BM25_SCALE) + VOTE_WEIGHT * vote


class Retriever:
    """Searches one open index: a small one sentence by sentence, a large one where meaning or words come near."""

    def __init__(self, index: Index, embeddings: "Embeddings", experience: Experience | None = None) -> None:
        """`experience`: of a tuned encoder."""
        self.index = index
        self.embeddings = embeddings
        self.experience = experience
        self._lexical = index.catalogue.lexical
        # Of thousands of documents each is small beside all: there the sentences alone decide.
        self._library = Library(list(index.documents.values()) if index.small else [])
        contents = [(index.documents[name], passage) for name in index.passages for passage in self._held(name)]
        self._everything = tuple(one for one in located(contents) if not one.passage.section.about)
        # Where the first sentence of each passage stands among all that can answer, as the bank counts them.
        before = accumulate((len(one.passage.sentences) for one in self._everything), initial=0)
        self._first = {one.passage.id: first for one, first in zip(self._everything, before, strict=False)}

    def _held(self, name: str) -> Sequence[Passage]:
        return self.index.passages[name] if self.index.small else ()

    def knows(self, word: str) -> bool:
        """Whether the documents have a word."""
        return any(self._lexical.knows(stem) for stem in stems(word))

    def search(self, question: str) -> Found:
        """Score every sentence that comes into question for a stand-alone question."""
        vector = self.embeddings.embed_query(question)
        similarities = self.index.search(vector, k=NEAREST)
        wanted = stems(question)
        known = [stem for stem in wanted if self._lexical.knows(stem)]
        lexical = self._lexical.scores(known)
        there = self._everything if self.index.small else self._near(similarities, lexical)
        fits = self._library.fits(known)
        neighbours = self.experience.neighbours(vector) if self.experience else None
        # The bank counts all the sentences of a document; of a large index only some are looked at.
        votes = neighbours.sentences if neighbours and self.index.small else {}
        candidates = sorted(self._candidates(there, similarities, lexical, fits, votes), key=lambda c: -c.score)
        return Found(
            question,
            tuple(candidates),
            passage_dense=max((similarities.get(one.passage.id, -1.0) for one in there), default=-1.0),
            coverage=self._coverage(wanted, candidates),
            known=len(known) / len(wanted) if wanted else 0.0,
            nothing=self.experience.null_score(vector) if self.experience else None,
            neighbours=neighbours,
            vector=vector,
        )

    def _near(self, similarities: Mapping[str, float], lexical: "np.ndarray") -> tuple[Located, ...]:
        """The passages of the nearest by meaning and of the best by words."""
        import numpy as np

        best = np.argpartition(lexical, -BEST)[-BEST:] if len(lexical) > BEST else np.arange(len(lexical))
        found = self.index.around(list(similarities), [int(row) for row in best if lexical[row] > 0])
        return tuple(one for one in found if not one.passage.section.about)

    def _candidates(
        self,
        there: Iterable[Located],
        similarities: Mapping[str, float],
        lexical: "np.ndarray",
        fits: Mapping[str, float],
        votes: Mapping[int, float],
    ) -> Iterator[Candidate]:
        # What the vector search left out is no nearer than the last that it returned.
        floor = min(similarities.values(), default=0.0)
        for one in there:
            document, row = self.index.documents[one.document], self.index.catalogue.row(one, 0)
            passage_dense, fit = similarities.get(one.passage.id, floor), fits.get(one.document, 0.0)
            for place, sentence in enumerate(one.passage.sentences):
                dense, bm25 = similarities.get(sentence.id, floor), float(lexical[row + place])
                vote = votes.get(self._first[one.passage.id] + place, 0.0) if votes else 0.0
                score = fuse(dense, passage_dense, bm25, vote) + DOCUMENT_WEIGHT * fit
                yield Candidate(document, one.number, place, score, dense, bm25, fit, vote)

    def _coverage(self, wanted: Sequence[str], candidates: Sequence[Candidate]) -> float:
        if not wanted or not candidates:
            return 0.0
        passage = self.passage(candidates[0])
        there = frozenset(stems(embedded_text(passage.section, passage.text)))
        return len(there.intersection(wanted)) / len(set(wanted))

    def passages(self, document: Document) -> Sequence[Passage]:
        """The passages of a document, in its order."""
        return self.index.passages[document.name]

    def passage(self, candidate: Candidate) -> Passage:
        """The passage that a candidate stands in."""
        return self.passages(candidate.document)[candidate.passage]

    def sentence(self, candidate: Candidate) -> Sentence:
        """The sentence that a candidate is."""
        return self.passage(candidate).sentences[candidate.sentence]
