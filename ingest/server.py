"""A Chroma server: its address, how to speak with it, and what can go wrong on the way as one line."""

import base64
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from ingest.errors import CancerBotError, StoreError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

# How long a request may take, in seconds: writing a batch while the server sorts vectors takes a few.
REQUEST_SECONDS = 60.0

_PORTS = {"http": 8000, "https": 443}


class ServerError(StoreError):
    """The Chroma server is not there, is none, or speaks another version."""


@dataclass(frozen=True)
class Server:
    """Where a Chroma server is. `headers` go with every request; `cache`: folder of this machine for what is derived from it."""

    host: str
    port: int
    tls: bool
    cache: Path
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @classmethod
    def from_url(cls, url: str, cache: Path) -> "Server":
        """`http://host:8000`, or `https://`; before the host may stand `token@` or `user:password@`, for a proxy that asks.

        Raises `ValueError` with what to do.
        """
        shape = "give it as http://host:8000 or https://host"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise ValueError(f"is no address ({error}); {shape}") from error
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(f"is no address of a Chroma server; {shape}")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(f"has something after the port; {shape}")
        tls = parts.scheme == "https"
        return cls(parts.hostname, port or _PORTS[parts.scheme], tls, cache, _headers(parts.username, parts.password))

    def __str__(self) -> str:
        """The address without a secret."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


def _headers(user: str | None, password: str | None) -> tuple[tuple[str, str], ...]:
    """Chroma's own server asks for no token; what stands before it asks in one of the two ways of HTTP."""
    if not user:
        return ()
    if password is None:
        return (("Authorization", f"Bearer {unquote(user)}"),)
    pair = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
    return (("Authorization", f"Basic {pair}"),)


@contextlib.contextmanager
def open_server(server: Server) -> "Iterator[ClientAPI]":
    """Chroma's client of a server. Raises `ServerError`."""
    import chromadb
    import httpx
    from chromadb.config import Settings

    with spoken(server):
        settings = Settings(_env_file=None, anonymized_telemetry=False)  # type: ignore[call-arg]
        client = chromadb.HttpClient(server.host, server.port, server.tls, dict(server.headers), settings)
        # Chroma's client waits for ever by itself, so that a server that hangs would hang every question, and leaves its
        # connections open when it is closed: its own, and those of the one that it makes to look for its database.
        parts: tuple[Any, ...] = (client, client._admin_client)  # type: ignore[attr-defined]  # noqa: SLF001
        sessions: list[httpx.Client] = [part._server._session for part in parts]  # noqa: SLF001
        for session in sessions:
            session.timeout = httpx.Timeout(REQUEST_SECONDS, connect=5.0)
    try:
        yield client
    finally:
        client.close()  # type: ignore[attr-defined]
        for session in sessions:
            session.close()


@contextlib.contextmanager
def spoken(server: Server) -> Iterator[None]:
    """Around every request: whatever goes wrong comes out as a `StoreError` of one line."""
    import httpx
    from chromadb.errors import ChromaError, NotFoundError

    try:
        yield
    except CancerBotError:
        raise
    except httpx.TimeoutException as error:
        raise ServerError(f"The Chroma server {server} does not answer in time: look after it, then try again.") from error
    except httpx.TransportError as error:
        raise ServerError(f"{_gone(server)} ({_first_line(error)})") from error
    except NotFoundError as error:
        raise StoreError(f"The Chroma server {server} has lost the index: run cancer-bot ingest.") from error
    except ChromaError as error:
        raise ServerError(
            f"The Chroma server {server} refuses: {_first_line(error)}. Check its disk, its log and CANCER_BOT_CHROMA_URL."
        ) from error
    # Chroma's client raises a bare ValueError where nobody listens, and a bare Exception with the answer's text where the
    # answer is not one of Chroma's.
    except Exception as error:
        if "Could not connect to a Chroma server" in str(error):
            raise ServerError(f"{_gone(server)}.") from error
        raise ServerError(
            f"{server} answers, but not as a Chroma server of this version ({_first_line(error)}): "
            "correct CANCER_BOT_CHROMA_URL, or run the server from the same chromadb."
        ) from error


def _gone(server: Server) -> str:
    return f"There is no Chroma server at {server}: start it with chroma run, or correct CANCER_BOT_CHROMA_URL"


def _first_line(error: Exception) -> str:
    said = str(error).strip().splitlines()
    return said[0][:100] if said else type(error).__name__
