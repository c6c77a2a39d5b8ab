"""Who asks through the named endpoint while the house is full is told so at the door: one ASGI layer around Gradio.

Gradio has some ten milliseconds of work with a question before it is anybody's turn. When many come in one moment, that work
alone, one question after the other, keeps the last of them waiting for seconds to be told that it is busy.
"""

import json
from collections.abc import Sequence

from bot.web.chat import Chat
from bot.web.security import Application, Message, Receive, Scope, Send
from prompts import labels

ENDPOINT = "/gradio_api/call/ask"

# Under this name the request holds the place that was promised to it.
PLACE = "cancer_bot.place"

# A longer request is looked at by Gradio alone, in bytes.
LONGEST = 1_000_000


class Doorkeeper:
    """Declines questions that would find no place, with status 503 and the text as `detail`; calls for help always pass."""

    def __init__(self, app: Application, chat: Chat) -> None:
        """`app`: what answers; `chat`: knows how full it is."""
        self._app = app
        self._chat = chat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"].rstrip("/") != ENDPOINT:
            await self._app(scope, receive, send)
        elif not self._chat.full:
            await self._app({**scope, PLACE: self._chat.promised()}, receive, send)
        else:
            read = await _read(receive)
            if self._may_wait(b"".join(message.get("body", b"") for message in read)):
                await _decline(send)
            else:
                await self._app(scope, _again(read, receive), send)

    def _may_wait(self, body: bytes) -> bool:
        """Whether it is a question that can be asked later; what is none is left to Gradio."""
        try:
            question, previous = _asked(json.loads(body))
        except (ValueError, TypeError, KeyError, RecursionError):
            return False
        return self._chat.help_for(question, previous) is None


def _asked(request: dict[str, list[object]]) -> tuple[str, Sequence[str]]:
    """The question and those before it. Raises `TypeError` or `ValueError` where there is none."""
    question, previous, *_ = [*request["data"], None]
    lines = previous if isinstance(previous, list) else []
    if not isinstance(question, str) or not all(isinstance(line, str) for line in lines):
        raise TypeError(question)
    return question, lines


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


async def _decline(send: Send) -> None:
    body = json.dumps({"detail": labels("problems")["busy"]}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), (b"retry-after", b"3")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})
