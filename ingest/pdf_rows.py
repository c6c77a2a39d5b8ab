"""Pieces of one printed line that were taken for lines of their own, because justified words stand far apart, put together."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from ingest.pdf_lines import Line

# Pieces of a line stand on the same height, in points, and no farther apart than so many times their size.
SAME_HEIGHT = 1.5
APART = 4.0

# How far above or below, in sizes, another line shows that the gap is none between two columns.
NEAR = 3.0

# No page that a person reads has more lines; what has is left as it is, so that it takes no time.
MOST_LINES = 2_000


def with_whole_rows(lines: Sequence[Line]) -> list[Line]:
    """The lines of a document, the pieces of each printed line as one, where its first piece stands."""
    return [line for _, page in groupby(lines, key=lambda line: line.page) for line in _page(list(page))]


def _page(lines: list[Line]) -> Iterator[Line]:
    if len(lines) > MOST_LINES:
        yield from lines
        return
    # What is printed twice in the same place, for a shadow or in bold, is said once.
    whole = {line: line for line in lines}
    rows: dict[int, list[Line]] = defaultdict(list)
    for line in whole:
        rows[round(line.bottom / SAME_HEIGHT)].append(line)
    for row in rows.values():
        row.sort(key=lambda line: line.left)
        first = row[0]
        for left, right in pairwise(row):
            if _is_one(left, right, lines):
                joined = whole[first]
                whole[first] = replace(joined, text=f"{joined.text} {right.text}", right=right.right)
                del whole[right]
            else:
                first = right
    yield from whole.values()


def _is_one(left: Line, right: Line, lines: Sequence[Line]) -> bool:
    if left.size != right.size or left.bold != right.bold or not 0 < right.left - left.right < APART * left.size:
        return False
    return any(
        line.left < left.right - left.size
        and line.right > right.left + left.size
        and abs(line.bottom - left.bottom) < NEAR * left.size
        for line in lines
    )
