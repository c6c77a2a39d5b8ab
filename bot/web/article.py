"""A document as HTML: its headings, and every sentence an element that a citation can lead to."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from bot.reply import Citation
from bot.web.terms import Glossary
from ingest.blocks import Block, blocks
from ingest.documents import Document
from ingest.passages import Sentence, cut

# The page's own title and the panel's are h1 and h2; the document's headings come below them.
TITLE_LEVEL = 3
DEEPEST_LEVEL = 6


@dataclass(frozen=True)
class Entry:
    """A line of the outline: `id` is that of its heading, `level` 1 the document's title."""

    id: str
    title: str
    level: int


def sentence_id(document: int, start: int, end: int) -> str:
    """The id of a sentence's element: the document's place among the documents and the slice, in characters."""
    return f"d{document}-{start}-{end}"


def citation_target(citation: Citation, documents: list[str]) -> str:
    """The id of the element that a citation leads to."""
    return sentence_id(documents.index(citation.document), citation.start, citation.end)


def outline_entries(number: int, document: Document) -> list[Entry]:
    """The headings of a document, with the ids that `article_html` gives them; its own title first."""
    headings = [(block, block.heading) for block in blocks(document) if block.heading]
    own = [] if _opens_with_title(document) else [Entry(_title_id(number), document.title, 1)]
    return own + [Entry(_heading_id(number, block), heading.title, heading.level) for block, heading in headings]


class Sections:
    """Where the titles of documents and sections lead on the page."""

    def __init__(self, documents: Sequence[Document]) -> None:
        """Look through their outlines; where two documents have a section of one name, the first one's counts for both."""
        self._by_title: dict[str, str] = {}
        self._by_document: dict[tuple[str, str], str] = {}
        outlines = [(document, outline_entries(number, document)) for number, document in enumerate(documents)]
        for document, entries in outlines:
            self._by_title.setdefault(document.title, entries[0].id)
        for document, entries in outlines:
            for entry in entries:
                self._by_title.setdefault(entry.title, entry.id)
                self._by_document.setdefault((document.name, entry.title), entry.id)

    def id(self, title: str, document: str | None = None) -> str | None:
        """The id of the heading with that title, in that document where it is named; None where there is none."""
        return self._by_document.get((document or "", title)) or self._by_title.get(title)


def article_html(number: int, document: Document, glossary: Glossary) -> Markup:
    """The whole text of a document, block by block; what stands between two sentences stays where it is."""
    sentences = [sentence for passage in cut(document) for sentence in passage.sentences]
    done: set[str] = set()
    parts = []
    if not _opens_with_title(document):
        parts.append(_heading(1, _title_id(number), document.title))
    for block in blocks(document):
        if block.heading:
            done = set()
            parts.append(_heading(block.heading.level, _heading_id(number, block), block.heading.title))
        else:
            inside = [s for s in sentences if block.start <= s.start and s.end <= block.end]
            parts.append(Markup("<p>{}</p>").format(Markup("").join(_paragraph(number, document, block, inside, glossary, done))))
    return Markup("\n").join(parts)


def _paragraph(
    number: int, document: Document, block: Block, sentences: list[Sentence], glossary: Glossary, done: set[str]
) -> Iterator[Markup]:
    edges = itertools.chain([block.start], (s.end for s in sentences))
    for before, sentence in zip(edges, sentences, strict=False):
        yield escape(document.text[before : sentence.start])
        yield Markup('<span id="{}">{}</span>').format(
            sentence_id(number, sentence.start, sentence.end), glossary.linked(sentence.text, done)
        )
    yield escape(document.text[sentences[-1].end if sentences else block.start : block.end])


def _opens_with_title(document: Document) -> bool:
    """Whether the text begins with a heading of the first level; else the page gives it one."""
    first = next(iter(blocks(document)), None)
    return first is not None and first.heading is not None and first.heading.level == 1


def _heading(level: int, id: str, title: str) -> Markup:
    return Markup('<h{0} id="{1}" tabindex="-1">{2}</h{0}>').format(min(level - 1 + TITLE_LEVEL, DEEPEST_LEVEL), id, title)


def _title_id(number: int) -> str:
    return f"d{number}"


def _heading_id(number: int, block: Block) -> str:
    return f"h{number}-{block.start}"
