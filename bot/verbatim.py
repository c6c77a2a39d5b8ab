"""Picks and orders the article's own sentences into an answer: few, whole, from few passages, in the article's order."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from bot.coherence import Position, closure, is_fragment, is_meta, is_pointer
from bot.reply import Citation, CitedSentence
from bot.retrieval import Candidate, Retriever
from ingest.documents import Document
from ingest.passages import Passage

MAXIMUM = 5

# How far below the best sentence's own score a further one may lie and still join the answer, chosen on the development set.
# A sentence of a passage that already speaks is let in sooner, because it costs the reader no change of place.
BELOW_SAME_PASSAGE = 0.3
BELOW_ELSEWHERE = 0.08

# A sentence that so large a share of the nearest questions of the bank is answered by joins however near it comes itself:
# that is how an answer from many places is made whole. Chosen on hands held out and on the development set.
VOTED = 0.3

# A further document joins only where the question's words are its own about as much as the first one's: the leaflet on
# another tube has a section on showering, too.
FITS_AS_WELL = 0.75


@dataclass(frozen=True)
class Slice:
    """A sentence of a document with the passage that it stands in."""

    document: Document
    passage: Passage
    position: Position

    @property
    def text(self) -> str:
        """Its words."""
        return self.passage.sentences[self.position.sentence].text


def compose(
    retriever: Retriever, candidates: Sequence[Candidate], *, maximum: int = MAXIMUM, without: Collection[Slice] = ()
) -> tuple[Slice, ...]:
    """The best one to `maximum` sentences, each with those that it can't do without; none where nothing stands alone.

    Sentences in `without` have been shown: they are not picked again, and come along only where another can't do without.
    Nor is one picked that stands elsewhere in the same words: leaflets repeat themselves, and an answer should not.
    """
    shown = {(one.document.name, one.position) for one in without}
    said = {one.text for one in without}
    chosen: dict[str, set[Position]] = {}
    best: float | None = None
    fit = 0.0
    for candidate in candidates:
        position = Position(candidate.passage, candidate.sentence)
        if best is not None and candidate.own < best - _below(chosen, candidate) and candidate.vote < VOTED:
            continue
        if (candidate.document.name, position) in shown or not _may_join(chosen, fit, candidate):
            continue
        if retriever.sentence(candidate).text in said and position not in chosen.get(candidate.document.name, ()):
            continue
        positions = _whole(retriever, candidate, limit=maximum, pointing=candidate is candidates[0])
        union = chosen.get(candidate.document.name, set()).union(positions)
        others = sum(len(taken) for name, taken in chosen.items() if name != candidate.document.name)
        if positions and len(union) + others <= maximum:
            fit = fit if chosen else candidate.fit
            chosen[candidate.document.name] = union
            said.add(retriever.sentence(candidate).text)
            # Where to read on is never a whole answer: the best sentence that says something stands with it.
            if best is None and not is_pointer(retriever.sentence(candidate).text):
                best = candidate.own
    return tuple(_slices(retriever, chosen))


def _below(chosen: dict[str, set[Position]], candidate: Candidate) -> float:
    passages = {position.passage for position in chosen.get(candidate.document.name, ())}
    return BELOW_SAME_PASSAGE if candidate.passage in passages else BELOW_ELSEWHERE


def _may_join(chosen: dict[str, set[Position]], fit: float, candidate: Candidate) -> bool:
    return not chosen or candidate.document.name in chosen or candidate.fit >= FITS_AS_WELL * fit


def _whole(retriever: Retriever, candidate: Candidate, *, limit: int, pointing: bool) -> tuple[Position, ...]:
    """The candidate with what it needs; nothing where it says what the text is, or needs too much.

    A sentence that only says where to read on is let in where `pointing`: no other comes nearer to the question.
    """
    text = retriever.sentence(candidate).text
    if (is_pointer(text) and not pointing) or is_meta(text) or is_fragment(text):
        return ()
    passages = retriever.passages(candidate.document)
    return closure(passages, Position(candidate.passage, candidate.sentence), limit=limit) or ()


def _slices(retriever: Retriever, chosen: dict[str, set[Position]]) -> Iterator[Slice]:
    for name, positions in chosen.items():
        document = retriever.index.documents[name]
        passages = retriever.passages(document)
        for position in sorted(positions, key=lambda p: (p.passage, p.sentence)):
            yield Slice(document, passages[position.passage], position)


def cite(slices: Sequence[Slice]) -> tuple[tuple[CitedSentence, ...], tuple[Citation, ...]]:
    """Each slice as a sentence in the article's words, and its citation, numbered from 1."""
    citations = tuple(_citation(one, number) for number, one in enumerate(slices, 1))
    sentences = tuple(CitedSentence(text=c.quote, verbatim=True, citations=(c.number,)) for c in citations)
    return sentences, citations


def _citation(one: Slice, number: int) -> Citation:
    sentence = one.passage.sentences[one.position.sentence]
    place = one.document.place(sentence.start)
    return Citation(
        number=number,
        document=one.document.name,
        title=one.document.title,
        section=one.passage.section.path,
        quote=sentence.text,
        start=sentence.start,
        end=sentence.end,
        page=place.page,
        anchor=place.anchor,
    )
