"""Every sentence against what it cites; what fails is dropped. Nothing leaves the program but through here."""

from collections.abc import Mapping, Sequence

from bot.reply import Citation, CitedSentence
from ingest.documents import Document, Place

Cited = tuple[tuple[CitedSentence, ...], tuple[Citation, ...]]


def resolves(citation: Citation, documents: Mapping[str, Document]) -> bool:
    """Whether the quote stands where the citation says, letter for letter, and on that page."""
    document = documents.get(citation.document)
    if document is None or not 0 <= citation.start < citation.end <= len(document.text):
        return False
    if document.place(citation.start) != Place(citation.page, citation.anchor):
        return False
    return document.text[citation.start : citation.end] == citation.quote


def verify(sentences: Sequence[CitedSentence], citations: Sequence[Citation], documents: Mapping[str, Document]) -> Cited:
    """Keep the sentences of which every citation resolves, and renumber what they cite from 1.

    A verbatim sentence has to be its quote as well. With nothing left both results are empty.
    """
    good = {c.number: c for c in citations if resolves(c, documents)}
    kept = [s for s in sentences if _holds(s, good)]
    used = [c for c in citations if any(c.number in s.citations for s in kept)]
    renumbered = {c.number: number for number, c in enumerate(used, 1)}
    return (
        tuple(s.model_copy(update={"citations": tuple(renumbered[n] for n in s.citations)}) for s in kept),
        tuple(c.model_copy(update={"number": renumbered[c.number]}) for c in used),
    )


def _holds(sentence: CitedSentence, good: Mapping[int, Citation]) -> bool:
    cited = [good.get(number) for number in sentence.citations]
    if not cited or any(citation is None for citation in cited):
        return False
    return not sentence.verbatim or any(citation and citation.quote == sentence.text for citation in cited)
