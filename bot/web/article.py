"""A document as HTML: its headings, and every sentence an element that a citation can lead to."""

import itertools
from collections.abc import Iterator
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
    """The headings of a document, with the ids that `article_html` gives them."""
    return [
        Entry(_heading_id(number, block), block.heading.title, block.heading.level) for block in blocks(document) if block.heading
    ]


def article_html(number: int, document: Document, glossary: Glossary) -> Markup:
    """The whole text of a document, block by block; what stands between two sentences stays where it is."""
    sentences = [sentence for passage in cut(document) for sentence in passage.sentences]
    done: set[str] = set()
    parts = []
    for block in blocks(document):
        if block.heading:
            level = min(block.heading.level - 1 + TITLE_LEVEL, DEEPEST_LEVEL)
            done = set()
            parts.append(
                Markup('<h{0} id="{1}" tabindex="-1">{2}</h{0}>').format(level, _heading_id(number, block), block.heading.title)
            )
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


def _heading_id(number: int, block: Block) -> str:
    return f"h{number}-{block.start}"
