"""Picks and orders the article's own sentences into an answer: few, whole, from few passages, in the article's order."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from bot.coherence import Place, closure, is_meta, is_pointer
from bot.reply import Citation, CitedSentence
from bot.retrieval import Candidate, Retriever
from ingest.documents import Document
from ingest.passages import Passage

MAXIMUM = 5

# How far below the best sentence's score a further one may lie and still join the answer, chosen on the development set.
# A sentence of a passage that already speaks is let in sooner, because it costs the reader no change of place.
BELOW_SAME_PASSAGE = 0.3
BELOW_ELSEWHERE = 0.08


@dataclass(frozen=True)
class Slice:
    """A sentence of a document with the passage that it stands in."""

    document: Document
    passage: Passage
    place: Place


def compose(
    retriever: Retriever, candidates: Sequence[Candidate], *, maximum: int = MAXIMUM, without: Collection[Slice] = ()
) -> tuple[Slice, ...]:
    """The best one to `maximum` sentences, each with those that it can't do without; none where nothing stands alone.

    Sentences in `without` have been shown: they are not picked again, and come along only where another can't do without.
    """
    shown = {(one.document.name, one.place) for one in without}
    chosen: dict[str, set[Place]] = {}
    best: float | None = None
    for candidate in candidates:
        place = Place(candidate.passage, candidate.sentence)
        if best is not None and candidate.score < best - _below(chosen, candidate):
            continue
        if (candidate.document.name, place) in shown:
            continue
        places = _whole(retriever, candidate, limit=maximum)
        union = chosen.get(candidate.document.name, set()).union(places)
        others = sum(len(taken) for name, taken in chosen.items() if name != candidate.document.name)
        if places and len(union) + others <= maximum:
            chosen[candidate.document.name] = union
            best = candidate.score if best is None else best
    return tuple(_slices(retriever, chosen))


def _below(chosen: dict[str, set[Place]], candidate: Candidate) -> float:
    passages = {place.passage for place in chosen.get(candidate.document.name, ())}
    return BELOW_SAME_PASSAGE if candidate.passage in passages else BELOW_ELSEWHERE


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


def cite(slices: Sequence[Slice]) -> tuple[tuple[CitedSentence, ...], tuple[Citation, ...]]:
    """Each slice as a sentence in the article's words, and its citation, numbered from 1."""
    citations = tuple(_citation(one, number) for number, one in enumerate(slices, 1))
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
