"""The text of an HTML page as a reader sees it: headings, paragraphs, list items and table cells, one after the other."""

import codecs
import re
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import SourceError
from ingest.extracted import Extracted, Gathered, TooLongError

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# Raise it whenever the same page would give another text.
VERSION = 1

# A page of this size is a book; the parsed tree takes some ten times as much memory.
LARGEST = 20_000_000

# What is no part of the text: what surrounds it on every page of a site, what is run, played or filled in.
_LEFT_OUT = frozenset(
    """script style template noscript nav header footer aside head svg math iframe object audio video canvas
    select button textarea input dialog datalist""".split()
)
_LEFT_OUT_ROLES = frozenset({"navigation", "banner", "contentinfo", "complementary", "search"})
_HIDING_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)

# Elements that begin and end a paragraph; any other stands inside a line.
_BLOCKS = frozenset(
    """address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form
    frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li main menu nav ol p pre search section summary table tbody td
    tfoot th thead tr ul""".split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}

_DECLARED = re.compile(
    rb"<meta[^>]+?charset\s*=\s*[\"']?\s*([\w.:-]+)|^\s*<\?xml[^>]+?encoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE
)
# The HTML standard looks through 1,024 bytes for a declaration; pages that mean well have it a little later.
_DECLARED_WITHIN = 4096
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# The HTML standard reads these names as what was really meant by them; where UTF-16 can be read as ASCII, it is none.
_MEANT = {"iso8859-1": "cp1252", "ascii": "cp1252", "utf-16": "utf-8", "utf-16-le": "utf-8", "utf-16-be": "utf-8"}
# Charsets of web pages; Python knows others, which are slow or no charsets.
_CHARSETS = re.compile(
    r"ascii|utf-(?:8|16)|iso8859|iso2022_jp|cp(?:125\d|866|874|932|949)|koi8|mac-|gb|big5|euc_|shift_jis|tis-620"
)

# U+00AD only says where a word may be broken; U+200B, U+FEFF and NUL are nothing to be read.
_UNREAD = {0xAD: None, 0x200B: None, 0xFEFF: None, 0: None}


def extractor() -> str:
    """The name of this way of reading, for the name of the file that keeps the text."""
    return f"html{VERSION}.{metadata.version('lxml')}"


def extract(data: bytes, path: Path) -> Extracted:
    """The text of a page. Raises `SourceError` where it can't be decoded, is too large or nested without end."""
    if len(data) > LARGEST:
        raise SourceError(f"{path} has {len(data):,} bytes, more than {LARGEST:,}: split it into several pages.")
    root = _parsed(_decoded(data, path), path)
    if root is None:
        return Gathered().extracted()
    try:
        return _Reading().of(root)
    except TooLongError as error:
        raise SourceError(f"{path} holds too much text: split it into several pages.") from error


def _decoded(data: bytes, path: Path) -> str:
    mark = next((mark for mark in _MARKS if data.startswith(mark)), b"")
    declared = _DECLARED.search(data, 0, _DECLARED_WITHIN)
    name = _MARKS[mark] if mark else (declared[1] or declared[2]).decode("ascii", "replace") if declared else "utf-8"
    encoding = _codec(name, path)
    try:
        return data[len(mark) :].decode(encoding if mark else _MEANT.get(encoding, encoding))
    except UnicodeDecodeError as error:
        offset = len(mark) + error.start
        raise SourceError(
            f"{path} is not {name} text (byte 0x{data[offset]:02x} at offset {offset}): "
            "declare its charset in a meta element, or save it as UTF-8."
        ) from error


def _codec(name: str, path: Path) -> str:
    """Python's name of a charset."""
    try:
        encoding = codecs.lookup(name).name
    except LookupError:
        encoding = ""
    if not _CHARSETS.match(encoding):
        raise SourceError(f"{path} declares the charset {name!r}, which is unknown: save it as UTF-8.")
    return encoding


def _parsed(text: str, path: Path) -> "HtmlElement | None":
    """The root of the page; None where it is empty."""
    from lxml import etree, html

    # Without `huge_tree` a text beyond ten million characters would end the parsing, and the rest would be lost in silence.
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:
        return None
    if any(entry.level == etree.ErrorLevels.FATAL for entry in parser.error_log):
        raise SourceError(f"{path} nests its elements too deeply to be read: save it anew from a browser.")
    return root


def _title(root: "HtmlElement") -> str | None:
    """The one first-level heading, wherever it stands, or else the title element's text."""
    headings = [" ".join(element.text_content().split()) for element in root.iter("h1")]
    titles = [" ".join(element.text_content().split()) for element in root.iter("title")]
    title = next(filter(None, [*(headings if len(headings) == 1 else []), *titles[:1]]), None)
    return title.translate(_UNREAD)[:200] if title else None


def _is_left_out(element: "HtmlElement", name: str) -> bool:
    return (
        name in _LEFT_OUT
        or element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or element.get("role") in _LEFT_OUT_ROLES
        or bool(_HIDING_STYLE.search(element.get("style", "")))
    )


class _Reading:
    """Goes through the elements in their order. White space counts as one space, as in a browser."""

    def __init__(self) -> None:
        self._gathered = Gathered()
        self._line: list[str] = []
        self._characters = 0
        self._broken = False
        self._level: int | None = None
        self._anchors: list[tuple[int, str]] = []

    def of(self, root: "HtmlElement") -> Extracted:
        from lxml import etree

        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            # An entity that could not be resolved has no name and no text of its own.
            name = element.tag if isinstance(element.tag, str) else ""
            if event == "end":
                self._close(element, name)
            elif _is_left_out(element, name):
                walk.skip_subtree()
            else:
                self._open(element, name)
        self._end_part()
        return self._gathered.extracted(anchors=self._anchors, title=_title(root))

    def _open(self, element: "HtmlElement", name: str) -> None:
        if name in _BLOCKS:
            self._end_part()
        self._level = _HEADINGS.get(name, self._level)
        if anchor := element.get("id") or (element.get("name") if name == "a" else None):
            self._anchors.append((self._gathered.next + self._characters, " ".join(anchor.split())[:200]))
        if name == "br":
            self._break()
        self._say(element.text)

    def _close(self, element: "HtmlElement", name: str) -> None:
        if name in _BLOCKS:
            self._end_part()
        if name in _HEADINGS:
            self._level = None
        self._say(element.tail)

    def _say(self, text: str | None) -> None:
        said = re.sub(r"\s+", " ", (text or "").translate(_UNREAD))
        said = said.removeprefix(" ") if not self._line or self._line[-1].endswith(" ") else said
        if said.strip():
            self._broken = False
        if said:
            self._line.append(said)
            self._characters += len(said)

    def _break(self) -> None:
        """A line's end is no sentence's end; an empty line is."""
        if self._broken:
            self._end_part()
        self._say(" ")
        self._broken = True

    def _end_part(self) -> None:
        line = "".join(self._line).rstrip()
        self._line, self._characters, self._broken = [], 0, False
        if any(character.isalnum() for character in line):
            self._gathered.add(line, self._level)
