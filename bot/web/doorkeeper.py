"""Who asks while the house is full is told so at the door: one ASGI layer around Gradio.

Gradio has some ten milliseconds of work with a question before it is anybody's turn. When many come in one moment, that work
alone, one question after the other, keeps the last of them waiting for seconds to be told that it is busy.
"""

import json
from collections.abc import Sequence

from bot.web import session
from bot.web.chat import Chat
from bot.web.security import Application, Message, Receive, Scope, Send
from prompts import labels

# Where questions come in: from programs, and from the page.
ENDPOINT = "/gradio_api/call/ask"
PAGE = "/gradio_api/queue/join"

# What is declined there. Gradio's page shows the text of a 429, but one of its own for a 503.
STATUS = {ENDPOINT: 503, PAGE: 429}

# Under this name the request holds the seat that was promised to it.
SEAT = "cancer_bot.seat"

# A longer request is looked at by Gradio alone, in bytes.
LONGEST = 1_000_000


class Doorkeeper:
    """Declines questions that would find no seat, with the text as `detail`; calls for help always pass."""

    def __init__(self, app: Application, chat: Chat) -> None:
        """`app`: what answers; `chat`: knows how full it is."""
        self._app = app
        self._chat = chat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path = scope.get("path", "").rstrip("/")
        if scope["type"] != "http" or scope["method"] != "POST" or path not in STATUS:
            await self._app(scope, receive, send)
            return
        read = await _read(receive)
        asked = _asked(path, b"".join(message.get("body", b"") for message in read))
        if asked and not self._chat.full:
            scope = {**scope, SEAT: self._chat.promised()}
        elif asked and self._may_wait(*asked):
            await _decline(STATUS[path], send)
            return
        await self._app(scope, _again(read, receive), send)

    def _may_wait(self, question: str, before: str | Sequence[str]) -> bool:
        """Whether it can be asked later: it is no call for help."""
        previous = session.questions(self._chat.replies(before)) if isinstance(before, str) else before
        return self._chat.help_for(question, previous) is None


def _asked(path: str, body: bytes) -> tuple[str, str | Sequence[str]] | None:
    """The question, with the questions before it or the page's conversation; None for what is no question."""
    try:
        data: list[object] = [*json.loads(body)["data"], None]
        question, before = data[:2]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not isinstance(question, str) or not question.strip():
        return None
    if path == PAGE:
        return (question, before) if isinstance(before, str) else None
    lines = before if isinstance(before, list) else []
    previous = [line for line in lines if isinstance(line, str)]
    return (question, previous) if previous == lines else None


async def _read(receive: Receive) -> list[Message]:
    """The request's messages until its body is whole, too long or cut off."""
    read, size = [await receive()], 0
    while read[-1].get("more_body") and size <= LONGEST:
        read.append(await receive())
        size += len(read[-1].get("body", b""))
    return read


def _again(read: list[Message], receive: Receive) -> Receive:
    """What was read, once more, and then what comes."""
    left = iter(read)

    async def replayed() -> Message:
        return next(left, None) or await receive()

    return replayed


async def _decline(status: int, send: Send) -> None:
    body = json.dumps({"detail": labels("problems")["busy"]}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), (b"retry-after", b"3")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
