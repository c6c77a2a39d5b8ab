"""A loopback server that speaks OpenAI's protocol and behaves as badly as a language model and its server can."""

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from xml.sax.saxutils import unescape

# What a handler may do: write a raw answer itself, or return the model's text.
Behaviour = Callable[["Handler"], str | None]


@dataclass
class Provider:
    """The server's address, what it was sent, and whether somebody who waited has hung up."""

    address: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)

    @property
    def rewritings(self) -> list[dict[str, Any]]:
        """What it was sent to be put into words that stand alone."""
        return [request for request in self.asked if is_rewriting(request)]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    behave: Behaviour
    provider: Provider

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        self.provider.asked.append(json.loads(self.rfile.read(length)))
        try:
            said = type(self).behave(self)
            if said is not None:
                self.answer(200, completion(said))
        except (BrokenPipeError, ConnectionResetError):
            self.provider.hung_up.set()

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def completion(said: str) -> bytes:
    message = {"role": "assistant", "content": said}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    whole = {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}
    return json.dumps(whole).encode()


def says(*sentences: tuple[str, list[int]]) -> Behaviour:
    """A model that says these sentences with these citations."""
    said = json.dumps({"sentences": [{"text": text, "cites": cites} for text, cites in sentences]})
    return lambda _: said


def blurts(said: str) -> Behaviour:
    """A model that says just this."""
    return lambda _: said


def is_rewriting(request: dict[str, Any]) -> bool:
    """Whether a request asks for a stand-alone question and not for an answer."""
    return "<last>" in request["messages"][-1]["content"]


def rewrites(question: str, *sentences: tuple[str, list[int]]) -> Behaviour:
    """A model that says this when asked for a stand-alone question, and these sentences when asked for an answer."""
    answers = says(*sentences)
    said = json.dumps({"question": question})
    return lambda handler: said if is_rewriting(handler.provider.asked[-1]) else answers(handler)


def copies(stand_alone: Mapping[str, str]) -> Behaviour:
    """A model that behaves well: it gives back the sentences as they are, and knows the stand-alone form of some questions."""

    def behave(handler: Handler) -> str:
        request = handler.provider.asked[-1]
        told = request["messages"][-1]["content"]
        if is_rewriting(request):
            last = unescape(re.findall(r"<last>(.*?)</last>", told, re.DOTALL)[0])
            return json.dumps({"question": stand_alone.get(last, last)})
        sentences = re.findall(r'<sentence number="(\d+)">(.*?)</sentence>', told, re.DOTALL)
        return json.dumps({"sentences": [{"text": unescape(text), "cites": [int(number)]} for number, text in sentences]})

    return behave


def fails(status: int) -> Behaviour:
    """A server that answers with an error."""

    def behave(handler: Handler) -> None:
        handler.answer(status, b'{"error": {"message": "key sk-secret is not welcome", "type": "x"}}')

    return behave


def stalls(handler: Handler) -> None:
    """A server that takes the question and never answers; it notes when the other side closes the connection."""
    handler.connection.settimeout(30)
    with contextlib.suppress(OSError):
        if handler.connection.recv(1) == b"":
            handler.provider.hung_up.set()


def drips(handler: Handler) -> None:
    """A server that sends a byte now and then, for ever."""
    handler.send_response(200)
    handler.send_header("content-type", "application/json")
    handler.end_headers()
    for _ in range(300):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


def drops(handler: Handler) -> None:
    """A server that hangs up in the middle of its answer."""
    handler.send_response(200)
    handler.send_header("content-type", "application/json")
    handler.send_header("content-length", "100000")
    handler.end_headers()
    handler.wfile.write(b'{"id": "x", "choices": [{"mess')
    handler.close_connection = True


def garbage(handler: Handler) -> None:
    """A server that speaks no HTTP worth the name."""
    handler.wfile.write(b"\x00\xff\x13garbage\r\n\r\n\x00")
    handler.close_connection = True


@contextlib.contextmanager
def provider(behave: Behaviour) -> Iterator[Provider]:
    """A provider with a behaviour, on a free port of this machine."""
    handler = type("Behaving", (Handler,), {"behave": staticmethod(behave)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    opened = Provider(f"http://127.0.0.1:{server.server_address[1]}/v1")
    handler.provider = opened  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield opened
    finally:
        server.shutdown()
        server.server_close()
