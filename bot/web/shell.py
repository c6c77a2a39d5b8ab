"""The frame around the chat: notice, article, about. It is plain HTML from the server, there before any script runs."""

import datetime
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bot.render import source_line
from bot.web.article import Entry, article_html, outline_entries
from bot.web.measured import measured
from bot.web.templating import rendered
from bot.web.terms import Glossary, shown_sorted
from bot.wording import source_of
from ingest.documents import Document
from prompts import labels, text

_CHAT = re.compile(r"<gradio-app\b.*?</gradio-app>", re.DOTALL)
_SCRIPT = re.compile(r"<script(?=[\s>])")
_SENTENCE_END = re.compile(r"(?<=\.)\s+")
_HEAD = '<link rel="stylesheet" href="/page/page.css"></head>'


@dataclass(frozen=True)
class Framed:
    """A document as the frame shows it."""

    name: str
    title: str
    source: str
    rights: str | None
    sha256: str
    language: str
    outline: list[Entry]
    html: Markup


class Shell:
    """The frame of a folder of documents, rendered once; only the scripts' nonce changes from page to page."""

    def __init__(self, documents: Sequence[Document], glossary: Glossary, *, remote: bool = False) -> None:
        """Render it. `remote`: questions leave this machine."""
        frame = rendered(
            "page.html.j2",
            documents=[_framed(number, document, glossary) for number, document in enumerate(documents)],
            notice=_SENTENCE_END.split(text("notice")),
            terms=shown_sorted(glossary.entries),
            figures=measured(),
            remote=remote,
            texts=dict(labels("page")),
        )
        self._before, self._after = frame.split("<!--chat-->")

    def around(self, html: str) -> tuple[str, str]:
        """Gradio's page within the frame, and the nonce that its own scripts now carry. The login page stays as it is."""
        nonce = secrets.token_urlsafe(16)
        if '"auth_required":true' not in html.replace(" ", ""):
            html = _CHAT.sub(lambda match: f"{self._before}{match[0]}{self._after}", html, count=1)
            html = html.replace("</head>", _HEAD, 1).replace("</body>", '<script src="/page/page.js"></script></body>', 1)
        return _SCRIPT.sub(f'<script nonce="{nonce}"', html), nonce


def _framed(number: int, document: Document, glossary: Glossary) -> Framed:
    return Framed(
        name=document.name,
        title=document.title,
        source=source_line(document.title, source_of(document), datetime.datetime.now().astimezone().date()),
        rights=document.sidecar.rights,
        sha256=document.sha256,
        language=document.sidecar.language,
        outline=outline_entries(number, document),
        html=article_html(number, document, glossary),
    )
