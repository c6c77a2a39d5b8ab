"""A reply as plain text for a terminal. What people typed is shown, never interpreted."""

import datetime
import shutil
import textwrap
import unicodedata
from collections.abc import Iterator

from bot.reply import Citation, Outcome, Reply, Source
from prompts import labels, text

MAXIMUM_WIDTH = 100

# A reader has to be told when a text is this old.
OLD_AFTER_YEARS = 3


def plain(reply: Reply, *, width: int | None = None) -> str:
    """Everything that a person has to see: answer, citations, sections, source with its age, notice. `width`: in characters."""
    columns = min(width or shutil.get_terminal_size().columns, MAXIMUM_WIDTH)
    blocks = [_wrapped(paragraph, columns) for paragraph in reply.answer.split("\n\n")]
    written = any(not sentence.verbatim for sentence in reply.sentences)
    if written:
        blocks.append(_wrapped(text("written"), columns))
    blocks += ["\n".join(_citation(citation, columns, quoted=written)) for citation in reply.citations]
    cited = {citation.section[-1] for citation in reply.citations}
    if reply.outcome in (Outcome.NOT_IN_ARTICLE, Outcome.ANSWERED) and not cited.issuperset(reply.related):
        blocks.append("\n".join([text("sections"), *(f"  - {title}" for title in reply.related)]))
    today = datetime.datetime.now().astimezone().date()
    blocks += [_wrapped(line, columns) for line in source_lines(reply, today)]
    blocks.append(_wrapped(reply.notice, columns))
    return printable("\n\n".join(blocks))


def source_lines(reply: Reply, today: datetime.date) -> list[str]:
    """Where the words of a reply come from, a line for each document; of the first one a reply knows publisher and date."""
    titles = list(dict.fromkeys(citation.title for citation in reply.citations))
    if not titles or not reply.source:
        return []
    return [source_line(titles[0], reply.source, today), *(f"“{title}”" for title in titles[1:])]


def source_line(title: str, source: Source, today: datetime.date) -> str:
    """Where the words come from, and that they are old where they are."""
    if not source.publisher or not source.revised:
        return f"“{title}”"
    line = text("source").format(title=title, publisher=source.publisher, revised=long_date(source.revised))
    years = (today - source.revised).days // 365
    return f"{line} {text('old_source').format(years=years)}" if years >= OLD_AFTER_YEARS else line


def place_in_source(citation: Citation) -> str:
    """Where a reader of the source itself finds it: the page of a PDF, the anchor of a page; empty for plain text."""
    if citation.page:
        return f", {labels('places')['page'].format(page=citation.page)}"
    return f", {labels('places')['anchor'].format(anchor=citation.anchor)}" if citation.anchor else ""


def long_date(date: datetime.date) -> str:
    """A date as the article writes it: December 16, 2016."""
    return f"{date:%B} {date.day}, {date.year}"


def printable(shown: str) -> str:
    """Without anything that a terminal would obey: control and direction characters are shown by their code."""
    return "".join(c if c in "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") else f"<U+{ord(c):04X}>" for c in shown)


def _wrapped(paragraph: str, columns: int) -> str:
    return textwrap.fill(paragraph, columns, break_long_words=False, break_on_hyphens=False)


def _citation(citation: Citation, columns: int, *, quoted: bool = False) -> Iterator[str]:
    mark = f"[{citation.number}] "
    where = " › ".join(citation.section)
    place = f"{citation.document}, characters {citation.start} to {citation.end}{place_in_source(citation)}"
    yield textwrap.fill(f"{mark}{where}", columns, subsequent_indent=" " * len(mark))
    yield " " * len(mark) + place
    if quoted:
        indent = " " * len(mark)
        yield textwrap.fill(f"“{citation.quote}”", columns, initial_indent=indent, subsequent_indent=indent)
