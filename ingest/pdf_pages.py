"""A program of its own that reads a PDF from standard input and prints the lines of each page as JSON.

It runs apart, with bounds on memory and time: a file that is hostile or broken can stop it, and nothing else.
"""

import contextlib
import io
import json
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pdfminer.layout import LTContainer, LTTextLine

# Exit statuses; any other but 0 says that the file is damaged.
ENCRYPTED = 3
TOO_LARGE = 4

# What reading may take, in bytes and in seconds of computing; a tenth of a second for a page is usual.
MEMORY = 3 * 2**29
SECONDS = 600
PAGES = 3_000

_LIGATURES = str.maketrans({0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"})


def main() -> int:
    """Print a line of JSON for the document's title, and one for each page. Returns the exit status."""
    from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect

    _bound()
    try:
        for page in printed(sys.stdin.buffer.read()):
            print(json.dumps(page))
    except (PDFPasswordIncorrect, PDFEncryptionError):
        return ENCRYPTED
    except MemoryError:
        return TOO_LARGE
    return 0


def _bound() -> None:
    # Not every system has these bounds, and some refuse them; the time that the caller waits is bounded everywhere.
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def printed(data: bytes) -> Iterator[Any]:
    """The title, or None, and then for each page its lines in reading order."""
    from pdfminer.converter import PDFPageAggregator
    from pdfminer.layout import LAParams
    from pdfminer.pdfdocument import PDFDocument
    from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
    from pdfminer.pdfpage import PDFPage
    from pdfminer.pdfparser import PDFParser

    document = PDFDocument(PDFParser(io.BytesIO(data)))
    yield _title(document.info)
    resources = PDFResourceManager()
    device = PDFPageAggregator(resources, laparams=LAParams(all_texts=True))
    interpreter = PDFPageInterpreter(resources, device)
    for number, page in enumerate(PDFPage.create_pages(document)):
        if number == PAGES:
            raise MemoryError
        interpreter.process_page(page)
        yield [_described(box, line) for box, line in _lines(device.get_result())]


def _title(info: list[dict[str, Any]]) -> str | None:
    from pdfminer.psexceptions import PSException
    from pdfminer.utils import decode_text

    found = next((entry["Title"] for entry in info if entry.get("Title")), None)
    with contextlib.suppress(PSException, UnicodeError):
        return _readable(decode_text(found)) if isinstance(found, bytes) else None
    return None


def _lines(container: "LTContainer[Any]") -> "Iterator[tuple[int, LTTextLine]]":
    """Each line with the number of the box of neighbouring lines that it was found in."""
    return ((number, line) for number, box in enumerate(_boxes(container)) for line in box)


def _boxes(container: "LTContainer[Any]") -> "Iterator[list[LTTextLine]]":
    from pdfminer.layout import LTFigure, LTTextBox, LTTextLine

    for element in container:
        if isinstance(element, LTTextBox):
            yield [line for line in element if isinstance(line, LTTextLine)]
        elif isinstance(element, LTFigure):
            yield from _boxes(element)


def _described(box: int, line: "LTTextLine") -> dict[str, Any]:
    from pdfminer.layout import LTChar

    characters = [character for character in line if isinstance(character, LTChar)]
    sizes = Counter(round(character.size * 2) / 2 for character in characters)
    bold = sum("bold" in character.fontname.lower() or "black" in character.fontname.lower() for character in characters)
    return {
        "box": box,
        "text": _readable(line.get_text()),
        "left": round(line.x0, 1),
        "right": round(line.x1, 1),
        "bottom": round(line.y0, 1),
        "top": round(line.y1, 1),
        "size": sizes.most_common(1)[0][0] if sizes else 0.0,
        "bold": bold * 2 > len(characters),
    }


def _readable(text: str) -> str:
    """With single spaces, ligatures as letters, and no control characters nor halves of characters."""
    plain = " ".join(text.translate(_LIGATURES).split())
    return "".join(character for character in plain if unicodedata.category(character) not in ("Cc", "Cs", "Cn"))


if __name__ == "__main__":
    sys.exit(main())
