"""The lines of a PDF → blocks: what repeats on every page left out, wrapped lines joined, hyphens at line ends undone."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import quantiles

# A line stands in a page's margin where no more than so many lines lie beyond it.
MARGIN_LINES = 2
# A line that stands in the same place on so many pages, or on half of a few, belongs to the pages and not to the text.
REPEATED = 3
# How exactly "the same place" is meant, in points.
SAME_PLACE = 4.0

# Lines of one paragraph differ in size by no more than this share, and lie no further apart than others by this share of it.
SAME_SIZE = 0.08
MORE_SPACE = 0.3

# How much more room than its letters need on average there has to be for a word to have fitted.
ROOM = 1.5

# A line that fills its column by this share goes on in the next column or on the next page.
FULL = 0.75

_PAGE_NUMBER = re.compile(r"[-–—|\s]*(?:page|p\.?)?\s*\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?[-–—|\s]*", re.IGNORECASE)
_BULLET = re.compile(r"[•●▪■◦‣○∙·❖➢➤✓✔❑\uf0b7\uf0a7\uf0d8](?:\s+|$)|o\s(?=[A-Z])")
_DASH = re.compile(r"[-–—*]\s+")
_NUMBERED = re.compile(r"\(?(?:\d{1,2}|[a-z])[.)]\s+")
_ENDS = re.compile(r"[.!?:;][\"”’')\]]*$")
_BROKEN_WORD = re.compile(r"[^\W\d_]+[-\u2010\u00ad]$")


@dataclass(frozen=True)
class Line:
    """A line with its place on its page, in points from the page's lower left corner; `box` holds its neighbours."""

    page: int
    box: int
    text: str
    left: float
    right: float
    bottom: float
    top: float
    size: float
    bold: bool


@dataclass(frozen=True)
class PrintedBlock:
    """The lines of a heading, a paragraph or, where `item`, an item of a list."""

    lines: tuple[Line, ...]
    item: bool = False


def without_running_lines(lines: Sequence[Line]) -> list[Line]:
    """Without page numbers and what repeats at the top or bottom of pages."""
    pages = [list(group) for _, group in groupby(lines, key=lambda line: line.page)]
    margins = [margin for page in pages for margin in _margin(page)]
    body = body_size(lines)
    counted = Counter(place for line in margins for place in _places(line, body))
    enough = max(2, min(REPEATED, (len(pages) + 1) // 2))
    running = {id(line) for line in margins if max(counted[place] for place in _places(line, body)) >= enough}
    running |= {id(line) for page in pages for line in _margin(page) if _PAGE_NUMBER.fullmatch(line.text)}
    return [line for line in lines if id(line) not in running and line.text]


def _margin(page: Sequence[Line]) -> list[Line]:
    """The outermost lines of a page, above and below; lines side by side count as one."""
    heights = sorted({round(line.bottom / SAME_PLACE) for line in page})
    # A page of a few lines is all margin; then only its outermost lines are.
    deep = MARGIN_LINES if len(heights) > 2 * MARGIN_LINES else 1
    outer = {*heights[:deep], *heights[-deep:]}
    return [line for line in page if round(line.bottom / SAME_PLACE) in outer]


def _places(line: Line, body: float) -> Iterator[tuple[str, float, int]]:
    """What is compared between pages: the words, their size, and about where they stand.

    In small print any number may change from page to page; "Day 1" and "Day 2" in large print are headings.
    """
    said = line.text.lower() if line.bold or line.size > body else re.sub(r"\d+", "#", line.text.lower())
    return ((said, line.size, round(line.bottom / SAME_PLACE) + near) for near in (0, 1))


def body_size(lines: Iterable[Line]) -> float:
    """The size that most characters have."""
    counted: Counter[float] = Counter()
    for line in lines:
        counted[line.size] += len(line.text)
    return counted.most_common(1)[0][0] if counted else 0.0


def words_of(lines: Iterable[Line]) -> frozenset[str]:
    """The words that stand inside a line, where none is broken."""
    return frozenset(_bare(word) for line in lines for word in line.text.split()[:-1])


def blocks_of(lines: Sequence[Line]) -> list[PrintedBlock]:
    """The lines gathered into headings, paragraphs and items, in their order."""
    lone = [line for line in lines if _BULLET.fullmatch(line.text)]
    beside = {(line.page, round(line.bottom / SAME_PLACE) + near): line.right for line in lone for near in (-1, 0, 1)}
    lines = [line for line in lines if not _BULLET.fullmatch(line.text)]
    continues = _Continuation(lines)
    blocks: list[list[Line]] = []
    items: list[bool] = []
    for line in lines:
        before = blocks[-1][-1] if blocks else None
        marked = _BULLET.match(line.text) is not None
        marked |= beside.get((line.page, round(line.bottom / SAME_PLACE)), line.left) < line.left
        marked |= _opens_item(line, before, in_list=bool(items) and items[-1])
        if before is None or marked or not continues.holds(before, line):
            blocks.append([])
            items.append(marked)
        blocks[-1].append(line)
    return [PrintedBlock(tuple(block), item) for block, item in zip(blocks, items, strict=True)]


def _opens_item(line: Line, before: Line | None, *, in_list: bool) -> bool:
    """A dash opens an item only in a list or where nothing is left unsaid before it."""
    return bool(_DASH.match(line.text)) and (before is None or in_list or _ENDS.search(before.text) is not None)


def _spacing(lines: Sequence[Line]) -> float:
    """The space between two lines of a paragraph, as a share of their size: the smallest that is often seen."""
    spaces = [
        (a.bottom - b.top) / a.size
        for a, b in pairwise(lines)
        if a.page == b.page and a.size and abs(a.size - b.size) < SAME_SIZE * a.size and a.bottom > b.bottom
    ]
    near = [space for space in spaces if -0.5 < space < 2]  # noqa: PLR2004 (closer is the same line, farther another column)
    return quantiles(near, n=10)[0] if len(near) > 1 else (near or [0.5])[0]


def _column_width(lines: Sequence[Line]) -> float:
    widths = [line.right - line.left for line in lines]
    return quantiles(widths, n=10)[-1] if len(widths) > 1 else 0.0


class _Continuation:
    """Whether a line goes on with the paragraph of the line before it, as the lines of this document are set."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._spacing, self._width = _spacing(lines), _column_width(lines)
        self._edges: dict[tuple[int, int], float] = {}
        for line in lines:
            self._edges[line.page, line.box] = max(line.right, self._edges.get((line.page, line.box), 0.0))

    def holds(self, before: Line, line: Line) -> bool:
        if abs(before.size - line.size) > SAME_SIZE * max(before.size, line.size):
            return False
        goes_on = line.text[0].islower() or _BROKEN_WORD.search(before.text) is not None
        if before.bold != line.bold and not goes_on:
            return False
        full = before.right - before.left >= FULL * self._width
        if before.page != line.page or line.bottom >= before.bottom + before.size / 2:
            return not _ENDS.search(before.text) and (goes_on or full)
        # Beside it: another cell of a table.
        if line.bottom > before.bottom - before.size / 2 or (not goes_on and self._had_room(before, line)):
            return False
        # "Up to / 10. Then" goes on, after a full stop a number counts.
        ended = _ENDS.search(before.text) is not None
        if ended and _NUMBERED.match(line.text):
            return False
        space = (before.bottom - line.top) / (before.size or 1)
        return space <= self._spacing + (MORE_SPACE / 3 if ended and not full else MORE_SPACE)

    def _had_room(self, before: Line, line: Line) -> bool:
        """Whether the next word would have fitted on the line before: then the line was ended on purpose."""
        if before.box != line.box:
            return False
        word = len(line.text.split(" ", 1)[0]) + 1
        room = self._edges[before.page, before.box] - before.right
        return room > word * (before.right - before.left) / len(before.text) * ROOM


def joined(block: PrintedBlock, words: frozenset[str], *, listed: bool) -> tuple[str, list[int]]:
    """The block's text on one line and where each of its lines begins in it. `listed`: a list's mark is no part of it."""
    text, starts = "", []
    for number, line in enumerate(block.lines):
        said = _unmarked(line.text, item=block.item) if number == 0 and listed else line.text
        if number and _BROKEN_WORD.search(text):
            text = _mended(text, said, words)
        elif number:
            text += " "
        starts.append(len(text))
        text += said
    return text.replace("\u00ad", ""), starts


def _unmarked(text: str, *, item: bool) -> str:
    mark = _BULLET.match(text) or _NUMBERED.match(text) or (_DASH.match(text) if item else None)
    return text[mark.end() :] if mark else text


def _mended(text: str, following: str, words: frozenset[str]) -> str:
    """`text` ready for what follows its last, broken word: without its hyphen, unless the word is written with one."""
    first, second = text.rsplit(" ", 1)[-1], following.split(" ", 1)[0]
    kept = text[-1] == "-" and (not second[:1].islower() or _bare(first + second) in words)
    if kept and _bare(first[:-1] + second) not in words:
        return text
    return text[:-1]


def _bare(word: str) -> str:
    return word.lower().strip(".,;:!?()[]\"“”'’")
