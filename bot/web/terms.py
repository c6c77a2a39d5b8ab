"""Words that a document explains itself, made into links to its own explanation."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from ingest.documents import Document


@dataclass(frozen=True)
class Explained:
    """A word with the document's own explanation. `id` names its entry on the page."""

    id: str
    word: str
    words: tuple[str, ...]
    explanation: str


class Glossary:
    """What the documents explain. Explanations that are not in a document's text are left out: nothing is invented."""

    def __init__(self, documents: Iterable[Document]) -> None:
        """Gather the terms of all sidecars; where two explain one word, the first one counts."""
        self.entries: list[Explained] = []
        for document in documents:
            for term in document.sidecar.terms:
                if term.explained in document.text:
                    name = re.sub(r"\W+", "-", term.words[0].lower())
                    self.entries.append(Explained(f"term-{name}", term.words[0], term.words, term.explained))
        self._by_word: dict[str, Explained] = {}
        for entry in self.entries:
            for word in entry.words:
                self._by_word.setdefault(word.lower(), entry)
        longest_first = sorted(self._by_word, key=len, reverse=True)
        self._pattern = (
            re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b", re.IGNORECASE) if longest_first else None
        )

    def linked(self, text: str, done: set[str]) -> Markup:
        """The text as HTML, each word that is explained elsewhere linked where it comes first; `done` is added to."""
        return Markup("").join(self._parts(text, done))

    def _parts(self, text: str, done: set[str]) -> Iterator[Markup]:
        here = 0
        for match in self._pattern.finditer(text) if self._pattern else ():
            entry = self._by_word[match[0].lower()]
            if entry.id in done:
                continue
            done.add(entry.id)
            if text in entry.explanation or entry.explanation in text:
                continue
            yield escape(text[here : match.start()])
            yield Markup('<a class="term" href="#{}">{}</a>').format(entry.id, match[0])
            here = match.end()
        yield escape(text[here:])


def shown_sorted(entries: Sequence[Explained]) -> list[Explained]:
    """In the order of the alphabet, as a list of words is looked through."""
    return sorted(entries, key=lambda entry: entry.word.lower())
