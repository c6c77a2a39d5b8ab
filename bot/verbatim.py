"""Picks and orders the article's own sentences into an answer: few, whole, from few passages, in the article's order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.coherence import Place, closure, is_meta, is_pointer
from bot.reply import Citation, CitedSentence
from bot.retrieval import Candidate, Retriever
from ingest.documents import Document
from ingest.passages import Passage

MAXIMUM = 5

# A further sentence joins the answer when its score comes this near to the best one's, chosen on the question bank;
# sentences of a passage that already speaks are let in sooner, because they cost the reader no change of place.
SHARE_ELSEWHERE = 0.93
SHARE_SAME_PASSAGE = 0.85


@dataclass(frozen=True)
class Slice:
    """A sentence of a document with the passage that it stands in."""

    document: Document
    passage: Passage
    place: Place

    @property
    def citation_order(self) -> tuple[int, int]:
        """Sorts slices of one document into the order of its text."""
        return (self.place.passage, self.place.sentence)


def compose(retriever: Retriever, candidates: Sequence[Candidate], *, maximum: int = MAXIMUM) -> tuple[Slice, ...]:
    """The best one to `maximum` sentences, each with those that it can't do without; none where nothing stands alone."""
    chosen: dict[str, set[Place]] = {}
    best: float | None = None
    for candidate in candidates:
        if best is not None and candidate.score < best * _share(chosen, candidate):
            continue
        places = _whole(retriever, candidate, limit=maximum)
        union = chosen.get(candidate.document.name, set()).union(places)
        others = sum(len(taken) for name, taken in chosen.items() if name != candidate.document.name)
        if places and len(union) + others <= maximum:
            chosen[candidate.document.name] = union
            best = candidate.score if best is None else best
    return tuple(_slices(retriever, chosen))


def _share(chosen: dict[str, set[Place]], candidate: Candidate) -> float:
    passages = {place.passage for place in chosen.get(candidate.document.name, ())}
    return SHARE_SAME_PASSAGE if candidate.passage in passages else SHARE_ELSEWHERE


def _whole(retriever: Retriever, candidate: Candidate, *, limit: int) -> tuple[Place, ...]:
    """The candidate with what it needs; nothing where it only points elsewhere, says what the text is, or needs too much."""
    text = retriever.sentence(candidate).text
    if is_pointer(text) or is_meta(text):
        return ()
    passages = retriever.passages(candidate.document)
    return closure(passages, Place(candidate.passage, candidate.sentence), limit=limit) or ()


def _slices(retriever: Retriever, chosen: dict[str, set[Place]]) -> Iterator[Slice]:
    for name, places in chosen.items():
        document = retriever.index.documents[name]
        passages = retriever.passages(document)
        for place in sorted(places, key=lambda p: (p.passage, p.sentence)):
            yield Slice(document, passages[place.passage], place)


def cite(slices: Sequence[Slice], *, first: int = 1) -> tuple[tuple[CitedSentence, ...], tuple[Citation, ...]]:
    """Each slice as a sentence in the article's words, and its citation, numbered from `first`."""
    citations = tuple(_citation(one, number) for number, one in enumerate(slices, first))
    sentences = tuple(CitedSentence(text=c.quote, verbatim=True, citations=(c.number,)) for c in citations)
    return sentences, citations


def _citation(one: Slice, number: int) -> Citation:
    sentence = one.passage.sentences[one.place.sentence]
    return Citation(
        number=number,
        document=one.document.name,
        title=one.document.title,
        section=one.passage.section.path,
        quote=sentence.text,
        start=sentence.start,
        end=sentence.end,
    )
