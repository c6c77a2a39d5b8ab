"""Sections, passages and sentences as slices: `document.text[slice.start:slice.end] == slice.text`, always."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ingest.blocks import Block, blocks
from ingest.documents import Document
from ingest.sentences import sentence_spans
from ingest.sidecar import Heading

# Goes into the index's manifest: raise it whenever the same text would be cut another way.
CUTTER_VERSION = 1

# About 220 word pieces; the encoder reads 256 and cuts longer input in silence.
PASSAGE_CHARACTERS = 1000


@dataclass(frozen=True)
class Section:
    """Where a passage stands: the titles from the document's own down to its heading's.

    `about` marks lines that speak of the document itself (who made it, when), not of its subject.
    """

    path: tuple[str, ...]
    about: bool = False

    @property
    def title(self) -> str:
        """The nearest heading."""
        return self.path[-1]


@dataclass(frozen=True)
class Sentence:
    """A sentence. `id` stays the same as long as the sentence stands in the same section of the same document."""

    id: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Passage:
    """A paragraph, or as many of its sentences as the encoder can read; never across a heading."""

    id: str
    text: str
    start: int
    end: int
    section: Section
    sentences: tuple[Sentence, ...] = field(repr=False)


def cut(document: Document) -> tuple[Passage, ...]:
    """Cut a document into its passages, in the order of its text."""
    return tuple(_with_ids(document, list(_passages(document))))


def outline(document: Document) -> tuple[tuple[int, Section], ...]:
    """The document's headings in order, as (level, section)."""
    return tuple((block.heading.level, section) for block, section in _sections(document) if block.heading)


def _sections(document: Document) -> Iterator[tuple[Block, Section]]:
    """Each block with the section that it stands in (a heading stands in its own)."""
    above: list[Heading] = []
    for block in blocks(document):
        if block.heading:
            above = [heading for heading in above if heading.level < block.heading.level] + [block.heading]
        titles = tuple(heading.title for heading in above)
        # The document's title leads every path, whether or not the text repeats it as its first heading.
        path = titles if titles[:1] == (document.title,) else (document.title, *titles)
        yield block, Section(path, about=any(heading.about for heading in above))


def _passages(document: Document) -> Iterator[Passage]:
    for block, section in _sections(document):
        if block.heading:
            continue
        spans = sentence_spans(document.text[block.start : block.end], language=document.sidecar.language)
        group: list[Sentence] = []
        for start, end in ((block.start + a, block.start + b) for a, b in spans):
            if group and end - group[0].start > PASSAGE_CHARACTERS:
                yield _passage(document, section, group)
                group = []
            group.append(Sentence("", document.text[start:end], start, end))
        if group:
            yield _passage(document, section, group)


def _passage(document: Document, section: Section, sentences: list[Sentence]) -> Passage:
    start, end = sentences[0].start, sentences[-1].end
    return Passage("", document.text[start:end], start, end, section, tuple(sentences))


def _with_ids(document: Document, passages: list[Passage]) -> Iterator[Passage]:
    """Ids come from the content, so that an edit elsewhere in the document leaves them as they are."""
    seen: Counter[tuple[str, ...]] = Counter()

    def identify(kind: str, section: Section, text: str) -> str:
        key = (document.name, kind, *section.path, text)
        seen[key] += 1
        return hashlib.sha256("\x00".join((*key, str(seen[key]))).encode()).hexdigest()[:16]

    for passage in passages:
        sentences = tuple(replace(s, id=identify("sentence", passage.section, s.text)) for s in passage.sentences)
        yield replace(passage, id=identify("passage", passage.section, passage.text), sentences=sentences)
