"""The text of a PDF in reading order. Its pages are read by `pdf_pages`, a program of its own that a hostile file may stop."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from ingest.errors import SourceError
from ingest.extracted import Extracted, Gathered, TooLongError
from ingest.pdf_lines import Line, PrintedBlock, blocks_of, body_size, joined, without_running_lines, words_of
from ingest.pdf_pages import ENCRYPTED, PAGES, TOO_LARGE
from ingest.pdf_rows import with_whole_rows

# Raise it whenever the same file would give another text.
VERSION = 1

# Pictures make files large, so that this says little of the text; it bounds what is held in memory.
LARGEST = 100_000_000

# How long a reader may take, in seconds.
PATIENCE = 900

# In a file whose fonts do not say which characters they show, many come out as this.
_UNKNOWN = "(cid:"
_UNKNOWN_SHARE = 0.02

# A heading is larger than the text by so much, or bold on a line of its own.
LARGER = 1.15
HEADING_CHARACTERS = 150
BOLD_HEADING_CHARACTERS = 80


def extractor() -> str:
    """The name of this way of reading, for the name of the file that keeps the text."""
    return f"pdf{VERSION}.{metadata.version('pdfminer.six')}"


def extract(data: bytes, path: Path) -> Extracted:
    """The text of a PDF. Raises `SourceError` where it is encrypted, damaged, too large, or holds pictures of text only."""
    if len(data) > LARGEST:
        raise SourceError(f"{path} has {len(data):,} bytes, more than {LARGEST:,}: split it, or save it with smaller pictures.")
    title, lines = _read(data, path)
    text = "".join(line.text for line in lines)
    if not any(character.isalnum() for character in text):
        raise SourceError(
            f"{path} holds no text, only pictures (a scan?): run it through OCR, such as ocrmypdf, and use that file."
        )
    if text.count(_UNKNOWN) > _UNKNOWN_SHARE * len(text):
        raise SourceError(f"{path} does not say which characters its fonts show: print it to a new PDF or run it through OCR.")
    try:
        return _gathered(blocks_of(with_whole_rows(without_running_lines(lines))), title)
    except TooLongError as error:
        raise _too_large(path) from error


def _read(data: bytes, path: Path) -> tuple[str | None, list[Line]]:
    """The title and the lines that the program in `pdf_pages` prints."""
    # Wherever it was started from, it finds this package and all that this process has found.
    root = str(Path(__file__).resolve().parent.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, *filter(None, sys.path)])}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "ingest.pdf_pages"],
            input=data,
            capture_output=True,
            env=environment,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _too_large(path) from error
    if done.returncode == ENCRYPTED:
        raise SourceError(f"{path} is encrypted and asks for a password: save a copy without one.")
    # Below 0: the system stopped it at one of its bounds.
    if done.returncode == TOO_LARGE or done.returncode < 0:
        raise _too_large(path)
    printed = done.stdout.splitlines() if done.returncode == 0 else []
    if len(printed) <= 1:
        raise SourceError(f"{path} is not a PDF that can be read, or it is damaged: open it in a PDF viewer and save it anew.")
    pages = enumerate(map(json.loads, printed[1:]), 1)
    return json.loads(printed[0]), [Line(page=number, **line) for number, page in pages for line in page]


def _too_large(path: Path) -> SourceError:
    return SourceError(f"{path} takes too much memory or time to be read (at most {PAGES:,} pages): split it, or print it anew.")


def _gathered(blocks: Sequence[PrintedBlock], title: str | None) -> Extracted:
    """The blocks as one text, headings told by their size."""
    levels = _levels(blocks)
    words = words_of(line for block in blocks for line in block.lines)
    gathered = Gathered()
    pages: list[tuple[int, int]] = []
    headings: list[tuple[int, str]] = []
    for block, level in zip(blocks, levels, strict=True):
        text, starts = joined(block, words, listed=level is None)
        if not any(character.isalnum() for character in text):
            continue
        for start, line in zip(starts, block.lines, strict=True):
            if not pages or pages[-1][1] != line.page:
                pages.append((gathered.next + start, line.page))
        gathered.add(text, level)
        headings += [(level, text)] if level else []
    return gathered.extracted(pages=pages, title=_title(headings, title))


def _title(headings: Sequence[tuple[int, str]], title: str | None) -> str | None:
    """The one heading above all others where it comes first; else what the file says, which is often its old name."""
    tops = [text for level, text in headings if level == 1]
    if len(tops) == 1 and headings[0][1] == tops[0]:
        return tops[0]
    return title if title and " " in title and not title.startswith("Microsoft ") else None


def _levels(blocks: Sequence[PrintedBlock]) -> list[int | None]:
    """For each block its heading's level, the largest first; None for a paragraph."""
    body = body_size(line for block in blocks for line in block.lines)
    marks = [_mark(block, body) if number + 1 < len(blocks) else None for number, block in enumerate(blocks)]
    ranks = sorted({mark for mark in marks if mark}, reverse=True)
    return [min(ranks.index(mark) + 1, 6) if mark else None for mark in marks]


def _mark(block: PrintedBlock, body: float) -> tuple[float, bool] | None:
    """What sets a heading off, comparable with other headings'; None for a paragraph."""
    size, bold = block.lines[0].size, all(line.bold for line in block.lines)
    characters = sum(len(line.text) for line in block.lines)
    last = block.lines[-1].text[-1]
    if block.item or not any(character.isalpha() for line in block.lines for character in line.text):
        return None
    if size >= LARGER * body and characters <= HEADING_CHARACTERS and last not in ".,;":
        return size, bold
    if bold and characters <= BOLD_HEADING_CHARACTERS and last not in ".,;:" and len(block.lines) <= 2:  # noqa: PLR2004
        return min(size, body), True
    return None
