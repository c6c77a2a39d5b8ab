"""A document's text as blocks, in order: headings and paragraphs, each an exact slice, whatever it was written in."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.documents import Document
from ingest.extracted import Part
from ingest.sidecar import Heading

# A heading of plain text is short; in the article at hand the longest has 62 characters.
HEADING_CHARACTERS = 80

_PARAGRAPH = re.compile(r"[^\s\ufeff](?:.|\n(?![^\S\n]*(?:\n|\Z)))*")
_LIST_MARKER = re.compile(r"(?:[>*+-][ \t]+|\d+[.)][ \t]+)*")


@dataclass(frozen=True)
class Block:
    """A heading or a paragraph. `heading` is None for a paragraph; a restored heading is an empty slice."""

    start: int
    end: int
    heading: Heading | None = None


def blocks(document: Document) -> tuple[Block, ...]:
    """The blocks of a document in the order of its text."""
    if document.extracted:
        return tuple(_extracted_blocks(document, document.extracted.layout.parts))
    if document.name.lower().endswith(".md"):
        return tuple(_markdown_blocks(document.text))
    paragraphs = [_trimmed(document.text, m.start(), m.end()) for m in _PARAGRAPH.finditer(document.text)]
    if document.sidecar.outline:
        return tuple(_outlined(document, paragraphs))
    return tuple(_guessed(document.text, paragraphs))


def unmatched_headings(document: Document) -> tuple[str, ...]:
    """Titles of the sidecar's outline for which the text has no place, so that a person can be told."""
    placed = {block.heading for block in blocks(document) if block.heading}
    return tuple(heading.title for heading in document.sidecar.outline if heading not in placed)


def _extracted_blocks(document: Document, parts: Sequence[Part]) -> Iterator[Block]:
    if document.sidecar.outline:
        yield from _outlined(document, [(part.start, part.end) for part in parts])
        return
    for part in parts:
        # A line of a sidecar has at most so many characters, too.
        title = document.text[part.start : part.end][:1000]
        yield Block(part.start, part.end, Heading(level=part.level, title=title) if part.level else None)


def _outlined(document: Document, paragraphs: list[tuple[int, int]]) -> Iterator[Block]:
    outline = list(document.sidecar.outline)
    for start, end in paragraphs:
        line = document.text[start:end]
        lost = next((i for i, h in enumerate(outline) if h.before and line.startswith(h.before)), None)
        if lost is not None:
            yield Block(start, start, outline[lost])
            del outline[: lost + 1]
        kept = next((i for i, h in enumerate(outline) if not h.before and h.title == line), None)
        if kept is None:
            yield Block(start, end)
        else:
            yield Block(start, end, outline[kept])
            del outline[: kept + 1]


def _guessed(text: str, paragraphs: list[tuple[int, int]]) -> Iterator[Block]:
    """Without an outline a short line without a full stop that stands before another paragraph is a heading."""
    for number, (start, end) in enumerate(paragraphs):
        line = text[start:end]
        last = number == len(paragraphs) - 1
        if last or len(line) > HEADING_CHARACTERS or "\n" in line or line[-1] in ".!?:;," or ": " in line:
            yield Block(start, end)
        else:
            yield Block(start, end, Heading(level=1 if number == 0 else 2, title=line))


def _markdown_blocks(text: str) -> Iterator[Block]:
    # Imported here: an index of plain text needs no Markdown parser.
    from markdown_it import MarkdownIt

    lines = _line_offsets(text)
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for token, following in itertools.zip_longest(tokens, tokens[1:]):
        if token.type not in ("heading_open", "paragraph_open", "tr_open", "fence", "code_block") or not token.map:
            continue
        start, end = _trimmed(text, lines[token.map[0]], lines[min(token.map[1], len(lines) - 1)])
        if token.type == "heading_open" and following is not None and following.content:
            yield Block(start, end, Heading(level=int(token.tag[1]), title=" ".join(following.content.split())[:1000]))
        elif token.type != "heading_open":
            marker = _LIST_MARKER.match(text, start, end)
            start = marker.end() if marker else start
            if start < end:
                yield Block(start, end)


def _line_offsets(text: str) -> list[int]:
    """Where each line starts, by the line ends that markdown-it knows, and the end of the text."""
    return [0, *(m.end() for m in re.finditer(r"\r\n|\n|\r", text)), len(text)]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and (text[start].isspace() or text[start] == "\ufeff"):
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
