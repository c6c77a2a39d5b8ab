"""Questions about the article itself: who made it, when, may it be copied, what does it cover."""

import re
from itertools import islice

from bot.coherence import Position, is_meta
from bot.retrieval import Retriever
from bot.verbatim import Slice
from ingest.documents import Document

# Of a folder of documents, the first so many are asked.
FIRST = 20

# Each kind of question, as the words that it is asked with; TEXT stands for a word for the text itself.
_TEXT = r"\b(?:article|page|text|document|information|info|leaflet|review|content|site|website|this|it)\b"
_ASKS = {
    "people": (
        r"\bwho (?:\w+ )?(?:wrote|made|created|writes|published|publishes|is behind|authored)\b.*TEXT",
        r"\bauthors?\b|\bwho wrote\b",
    ),
    "date": (
        r"\b(?:when|what date|how old|how recent|how current)\b.*TEXT.*\b(?:written|revised|updated|published|made)\b",
        r"\b(?:how old|how recent|how current|how up to date) is\b.*TEXT",
        r"\b(?:is|was)\b.*TEXT.*\b(?:up to date|out of date|outdated|current|still valid)\b",
        r"\blast (?:revised|updated|reviewed|changed)\b|\brevision date\b|\bdate of (?:the|this) article\b",
        r"TEXT.*\b(?:revised|updated|written|published)\b",
        r"\b(?:when|last)\b.*\b(?:go over|gone over|went over|looked over)\b.*TEXT",
    ),
    "rights": (
        r"\bcopyright(?:ed)?\b|\breprints?\b",
        r"\b(?:copy|reproduce|republish|share|hand out|print)\b.*TEXT",
    ),
    "subject": (
        r"\bwhat (?:is|does|s)\b.*\b(?:article|page|document|text|leaflet|review)\b.*\b(?:about|cover|contain|say|discuss)s?\b",
        r"\b(?:is|was) (?:this|the) (?:article|page|text|document|leaflet|review) (?:only |just )?(?:about|for|on)\b",
        r"\bwhat (?:topics|sections|subjects)\b|\b(?:topics|sections)\b.*TEXT",
        r"\bwhat (?:kinds? of )?questions (?:can|could|may|do|does) (?:i ask (?:you|it|here)|you|it|this|the article)\b",
        r"\b(?:summari[sz]e|sum up|(?:overview|summary|main points|gist) of)\b.*\b(?:article|page|document|text|leaflet|all)\b",
    ),
}
_PATTERNS = {kind: re.compile("|".join(asks).replace("TEXT", _TEXT)) for kind, asks in _ASKS.items()}
# A question of more words than this tells a story first.
STORY = 25
# No text says when it will be changed.
_AHEAD = re.compile(r"\b(?:will|going to|next|soon|planned)\b")
_SAYS = {
    "people": re.compile(r"\bteam\b|\bwritten by\b|\bauthors?\b|\beditors?\b", re.IGNORECASE),
    "date": re.compile(r"\b(?:revised|updated|reviewed|published)\b.*\d{4}", re.IGNORECASE),
    "rights": re.compile(r"\bcopyright|\breprint", re.IGNORECASE),
}


def asked_about(question: str) -> str | None:
    """What is asked about the article itself: `people`, `date`, `rights`, `subject`; None where it is not."""
    # In a long story only its last sentence asks.
    asked = question if len(question.split()) <= STORY else re.split(r"(?<=[.!?])\s+", question.strip())[-1]
    said = " ".join(re.findall(r"[a-z]+", asked.lower()))
    if _AHEAD.search(said):
        return None
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.search(said)), None)


def answer_about(retriever: Retriever, kind: str) -> tuple[Slice, ...]:
    """The sentences of the first document that answer; none where none says anything of the kind."""
    documents = islice(retriever.index.documents.values(), FIRST)
    return next((found for document in documents if (found := _matching(document, retriever, kind))), ())


def _matching(document: Document, retriever: Retriever, kind: str) -> tuple[Slice, ...]:
    return tuple(
        Slice(document, passage, Position(number, place))
        for number, passage in enumerate(retriever.passages(document))
        for place, sentence in enumerate(passage.sentences)
        if _says(kind, sentence.text, about=passage.section.about)
    )[: 1 if kind == "subject" else 2]


def _says(kind: str, text: str, *, about: bool) -> bool:
    if kind == "subject":
        return not about and is_meta(text)
    return about and bool(_SAYS[kind].search(text))
