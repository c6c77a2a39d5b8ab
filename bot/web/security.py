"""Security headers on everything, and the page's own frame: one ASGI layer around the application."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from bot.web.shell import Shell

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
# Gradio writes styles into its elements; scripts run only from this origin or with the nonce of this very answer.
POLICY = (
    "default-src 'self'; script-src 'self'{nonce}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)


class Secured:
    """Adds the headers to every answer and the frame to the page."""

    def __init__(self, app: Application, shell: Shell) -> None:
        """`app`: what answers."""
        self._app = app
        self._shell = shell

    def renew(self, shell: Shell) -> None:
        """Put another frame around the page from now on."""
        self._shell = shell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == "/" and scope["method"] == "GET":
            await self._app(scope, receive, _Framing(send, self._shell))
        else:

            async def secured(message: Message) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = _with(message["headers"], "")
                await send(message)

            await self._app(scope, receive, secured)


class _Framing:
    """Holds the page back until it is whole, then sends it within the frame."""

    def __init__(self, send: Send, shell: Shell) -> None:
        self._send = send
        self._shell = shell
        self._start: Message = {}
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        nonce = ""
        headers = [(name, value) for name, value in self._start["headers"] if name.lower() != b"content-length"]
        if any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in headers):
            html, nonce = self._shell.around(self._body.decode())
            self._body = html.encode()
        headers.append((b"content-length", str(len(self._body)).encode()))
        await self._send({**self._start, "headers": _with(headers, f" 'nonce-{nonce}'" if nonce else "")})
        await self._send({"type": "http.response.body", "body": self._body})


def _with(headers: list[tuple[bytes, bytes]], nonce: str) -> list[tuple[bytes, bytes]]:
    added = HEADERS | {"content-security-policy": POLICY.format(nonce=nonce)}
    return [*headers, *((name.encode(), value.encode()) for name, value in added.items())]
