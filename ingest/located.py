"""A passage with the place it has among all: the unit that is written, read back and checked."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.documents import Document
from ingest.passages import Passage, Section

# Bytes of a SHA-256 that are kept of a passage: nobody finds a second text to 128 bits.
DIGEST_BYTES = 16

Contents = Sequence[tuple[Document, Passage]]


@dataclass(frozen=True)
class Located:
    """A passage, its document's name and its number there, from 0."""

    document: str
    number: int
    passage: Passage


def embedded_text(section: Section, text: str) -> str:
    """What encoder and lexical search read of a slice: its section's title as context, and the slice with plain spaces."""
    return f"{section.title}: {' '.join(text.split())}"


def located(contents: Contents) -> Iterator[Located]:
    """Each passage with its number in its document, in the order of `contents`."""
    numbers: dict[str, int] = {}
    for document, passage in contents:
        number = numbers.get(document.name, 0)
        numbers[document.name] = number + 1
        yield Located(document.name, number, passage)


def digest(one: Located) -> bytes:
    """Of everything that is read back of a passage."""
    p = one.passage
    said = [one.document, one.number, p.id, p.start, p.end, p.section.path, p.section.about, p.text]
    said.append([(s.id, s.start, s.end) for s in p.sentences])
    return hashlib.sha256(json.dumps(said).encode()).digest()[:DIGEST_BYTES]
