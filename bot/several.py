"""What is said of one document or of several: their titles in the program's own words, and where a refusal points to."""

from collections.abc import Collection, Iterable
from itertools import islice

from bot.retrieval import Found
from ingest.documents import Document
from ingest.passages import outline
from prompts import text

# Texts that speak of the documents; for several of them there is another one.
_OF_SEVERAL = frozenset({"greeting", "about_the_bot", "off_topic", "not_covered", "nearest"})

# Of a large library no more titles than a person reads.
MOST_TITLES = 8

# Titles in the path of a section just below its document: the document's title and its own.
TOP_LEVEL = 2


def said_of(documents: Collection[Document], name: str) -> str:
    """A text of `prompts/` with the title of the one document, or with those of several."""
    several = len(documents) > 1 and name in _OF_SEVERAL
    return text(f"{name}_several" if several else name).format(title=_listed([document.title for document in documents]))


def _listed(titles: list[str]) -> str:
    if len(titles) == 1:
        return titles[0]
    quoted = [f"“{title}”" for title in titles[:MOST_TITLES]]
    if len(titles) > MOST_TITLES:
        return f"{', '.join(quoted)} and {len(titles) - MOST_TITLES} more"
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def related_to(documents: Collection[Document], found: Found | None) -> tuple[str, ...]:
    """The sections of one document, without those that speak of itself; the titles of several, the nearest first."""
    if len(documents) == 1:
        sections = [section for document in documents for _, section in outline(document)]
        return tuple(dict.fromkeys(s.title for s in sections if len(s.path) == TOP_LEVEL and not s.about))
    nearest: Iterable[Document] = (candidate.document for candidate in found.candidates) if found else ()
    titles = (document.title for group in (nearest, documents) for document in group)
    return tuple(islice(_distinct(titles), MOST_TITLES))


def _distinct(titles: Iterable[str]) -> Iterable[str]:
    seen: set[str] = set()
    for title in titles:
        if title not in seen:
            seen.add(title)
            yield title
