"""The web server: page, files, named endpoint, health and export on one address."""

import contextlib
import datetime
import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from bot.chain import Bot
from bot.following import Following
from bot.language_model import LanguageModel
from bot.opening import open_bot, weights_for
from bot.privacy import keep_to_this_machine
from bot.settings import Settings
from bot.suggestions import Suggester
from bot.web import session
from bot.web.article import Sections
from bot.web.chat import Chat
from bot.web.doorkeeper import Doorkeeper
from bot.web.limits import RateLimit
from bot.web.messages import Messages
from bot.web.page import page
from bot.web.passwords import Users
from bot.web.readiness import Readiness
from bot.web.security import Application, Secured
from bot.web.shell import Shell
from bot.web.templating import static_folder
from bot.web.terms import Glossary
from bot.web.visit import visit_markdown, visit_page
from ingest.documents import Document, read_documents
from ingest.errors import CancerBotError
from ingest.extracted import FOLDER
from prompts import text

if TYPE_CHECKING:
    from fastapi import FastAPI

# How long open connections may take to end when the server is stopped, in seconds.
GRACE = 2

# A first question, so that nobody waits for the model to be loaded.
WARM_UP = "What is palliative radiation?"

Say = Callable[[str], None]


class ServeError(CancerBotError):
    """The page can't be served."""


def serve(settings: Settings, host: str, port: int, say: Say, tell: Say) -> None:
    """Serve until a signal ends it. `say` gets what happens, `tell` the page's address once it can answer.

    Raises `CancerBotError` where the address is taken or the program can't get ready.
    """
    import uvicorn

    keep_to_this_machine()
    documents = read_documents(settings.docs, texts=settings.index / FOLDER)
    listening = _listening(host, port)
    readiness = Readiness()
    with listening:
        if not _is_loopback(host):
            say(f"Listening on {host}: other machines can use the page. Set CANCER_BOT_AUTH_FILE, and put TLS before it.")
        app = application(settings, documents, readiness)
        config = uvicorn.Config(app, log_level="critical", access_log=False, server_header=False, timeout_graceful_shutdown=GRACE)
        server = uvicorn.Server(config)
        failed: list[CancerBotError] = []

        def get_ready() -> None:
            try:
                _answer(settings, readiness, say)
                tell(f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}")
            except CancerBotError as error:
                failed.append(error)
                server.should_exit = True

        # uvicorn raises the signals that stopped it once more when it is done; to be stopped is no failure.
        signal.signal(signal.SIGTERM, lambda *_: None)
        signal.signal(signal.SIGINT, lambda *_: None)
        threading.Thread(target=get_ready, daemon=True).start()
        server.run(sockets=[listening])
    if failed:
        raise failed[0]


def _answer(settings: Settings, readiness: Readiness, say: Say) -> None:
    """Open a bot and answer with it, and with each that takes over from it when the index has a new version."""
    bot = open_bot(settings, progress=readiness.progress, say=say)
    bot.ask(WARM_UP)
    readiness.answer_with(bot)
    Following(settings, bot, readiness.answer_with, say).start()


def application(settings: Settings, documents: Sequence[Document], readiness: Readiness) -> Application:
    """The whole as one ASGI application."""
    from fastapi import FastAPI
    from fastapi.responses import JSONResponse
    from fastapi.staticfiles import StaticFiles

    messages, shell = _shown(settings, documents)
    chat = Chat(readiness, documents, messages, RateLimit(settings.rate_limit), settings.region)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    def healthz() -> JSONResponse:
        health = readiness.health
        return JSONResponse(asdict(health), status_code=200 if health.ready else 503)

    _add_visit(app, chat)
    app.mount("/page", StaticFiles(directory=static_folder()))
    secured = Secured(Doorkeeper(_with_page(app, chat, settings), chat), shell)

    def renew(bot: Bot) -> None:
        """A bot of other documents: from now on the page shows these."""
        now = tuple(bot.retriever.index.documents.values())
        if [document.fingerprint for document in now] != [document.fingerprint for document in chat.documents]:
            messages, shell = _shown(settings, now)
            chat.renew(now, messages)
            secured.renew(shell)

    readiness.whenever(renew)
    return secured


def _with_page(app: "FastAPI", chat: Chat, settings: Settings) -> "FastAPI":
    """The application with the page at its root, behind a password where there are users."""
    import gradio as gr

    users = Users.from_file(settings.auth_file) if settings.auth_file else None
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        page(chat, _starters(settings, chat.documents), settings.feedback),
        path="/",
        auth=users.may if users else None,
        auth_message=text("notice"),
        footer_links=[],
        theme=gr.themes.Base(font=("system-ui", "sans-serif"), font_mono=("ui-monospace", "monospace")),
        show_error=True,
    )
    return mounted


def _shown(settings: Settings, documents: Sequence[Document]) -> tuple[Messages, Shell]:
    """What renders replies, and the frame with the documents themselves."""
    glossary = Glossary(documents)
    remote = bool(settings.chat_model) and LanguageModel.from_setting(settings.chat_model).leaves_this_machine
    messages = Messages([document.name for document in documents], Sections(documents), glossary)
    return messages, Shell(documents, glossary, remote=remote)


def _add_visit(app: "FastAPI", chat: Chat) -> None:
    from fastapi import Form
    from fastapi.responses import HTMLResponse, Response

    def visit(replies: str = Form(session.EMPTY), save: str = Form("")) -> Response:
        """The sheet of a conversation that the browser sends along; nothing of it is kept."""
        checked = session.read(replies, chat.documents)
        today = datetime.datetime.now().astimezone().date()
        headers = {"cache-control": "no-store"}
        if save:
            headers["content-disposition"] = f'attachment; filename="questions-for-my-visit.{"md" if save == "md" else "html"}"'
        if save == "md":
            return Response(visit_markdown(checked, today), media_type="text/markdown; charset=utf-8", headers=headers)
        return HTMLResponse(visit_page(checked, today, session.written(checked)), headers=headers)

    app.add_api_route("/visit", visit, methods=["POST"], response_model=None)


def _starters(settings: Settings, documents: Sequence[Document]) -> tuple[str, ...]:
    """Questions to begin with: those beside the first document, or else some that the tuning found to be answered."""
    if not documents or documents[0].sidecar.starters:
        return documents[0].sidecar.starters if documents else ()
    return Suggester.from_tuning(weights_for(settings).tuning).to_begin_with(len(documents[0].text))


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises `ServeError` where the address is taken or can't be."""
    with contextlib.ExitStack() as opened:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            listening = opened.enter_context(socket.socket(family, kind, protocol))
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(128)
            opened.pop_all()
        except OSError as error:
            what = error.strerror or str(error)
            raise ServeError(f"Can't listen on {host}, port {port} ({what}): give others with --host and --port.") from error
        return listening


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
