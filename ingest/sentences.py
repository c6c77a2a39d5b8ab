"""Where the sentences of a stretch of text begin and end: a kept splitter, corrected where it errs."""

import re
from collections.abc import Iterator

# sentencex runs past the end of a sentence that stands in brackets as a whole: "(It was done.) The doctor …".
_BRACKETED_SENTENCE = re.compile(r"[.!?][\"”’']?\)\s+(?=[\"“‘'(]?[A-Z0-9])")


def sentence_spans(text: str, *, language: str = "en") -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each sentence in characters, without the white space around it.

    Line breaks inside `text` are wrapped lines, not ends of sentences.
    """
    import sentencex

    # The splitter takes line breaks for ends; spaces of the same length keep every offset.
    flat = re.sub(r"[\r\n\t\v\f\x85\u2028\u2029]", " ", text)
    for boundary in sentencex.get_sentence_boundaries(language, flat):
        start = boundary["start_index"]
        for end in [*_bracketed_ends(flat, start, boundary["end_index"]), boundary["end_index"]]:
            if piece := flat[start:end].strip():
                first = start + flat[start:end].index(piece)
                yield first, first + len(piece)
            start = end


def _bracketed_ends(text: str, start: int, end: int) -> list[int]:
    return [m.end() for m in _BRACKETED_SENTENCE.finditer(text, start, end) if _opens_with_bracket(text, start, m.start())]


def _opens_with_bracket(text: str, start: int, end: int) -> bool:
    """Whether the bracket that closes at `end` is a sentence of its own: it opened where a sentence may open."""
    opening = text.rfind("(", start, end)
    return opening >= 0 and (opening == start or text[start:opening].rstrip()[-1:] in (".", "!", "?", ""))
