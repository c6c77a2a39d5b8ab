"""The page as Gradio shows it: the chat itself and its named endpoint. Around it stands the frame that `shell` renders."""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.web import session
from bot.web.chat import Chat, Shown, feedback
from bot.web.doorkeeper import SEAT
from bot.web.feedback import Thumbs
from bot.web.limits import Seat
from bot.web.tabs import Tabs
from ingest.errors import CancerBotError
from prompts import labels

if TYPE_CHECKING:
    import gradio as gr

# Gradio starts every event at once, in its event loop: `chat` says who has to wait and who is told at once that it is busy, and
# somebody in danger is answered even then. Where fewer were started, the rest would wait in Gradio's queue to be told so.
# The bound is for floods: beyond it Gradio itself declines.
FLOOD = 512

# Gradio keeps a copy of the whole layout for every session, of up to 10,000: at 34 KiB each that grows for days. Nothing of ours
# is in it, so one that was dropped is made anew when it is used again.
SESSIONS = 256

# After each event that ends in an error, "busy" among them, Gradio makes a table of the last 10,000 events for a page that is not
# shown here: up to a tenth of a second of work each, just when there is none to spare. So it remembers one, and makes no table.
STATISTICS = {"GRADIO_ANALYTICS_MAX_EVENTS": "1", "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**9)}

_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def page(chat: Chat, starters: Sequence[str], feedback_file: Path | None) -> "gr.Blocks":
    """The chat with everything that can be done in it. `starters`: questions to begin with.

    Raises `FeedbackError` where the file for thumbs can't be written.
    """
    import gradio as gr

    thumbs = Thumbs(feedback_file) if feedback_file else None
    blocks: gr.Blocks
    with gr.Blocks(title=labels("page")["title"], analytics_enabled=False, fill_width=True) as blocks:
        parts = _laid_out(starters)
        _join_asking(blocks, chat, parts)
        _join_going_back(chat, parts)
        if thumbs:
            parts.log.like(_on_like(chat, thumbs), [parts.kept], None, **_QUIET)
        _named_endpoint(chat)
    blocks.state_session_capacity = SESSIONS
    blocks.max_threads = FLOOD
    os.environ.update(STATISTICS)
    blocks.queue(max_size=FLOOD, default_concurrency_limit=FLOOD)
    return blocks


@dataclass(frozen=True)
class _Parts:
    """The components of the chat. `kept`: the conversation, `saved`: one that the browser had, `cleared`: one to bring back."""

    kept: "gr.Textbox"
    saved: "gr.Textbox"
    cleared: "gr.Textbox"
    log: "gr.Chatbot"
    box: "gr.Textbox"
    send: "gr.Button"
    stop: "gr.Button"
    edit: "gr.Button"
    again: "gr.Button"
    clear: "gr.Button"
    bring_back: "gr.Button"

    @property
    def outputs(self) -> "list[gr.components.Component]":
        """What `_updates` is for, in its order."""
        buttons = (self.send, self.stop, self.edit, self.again, self.clear, self.bring_back)
        return [self.log, self.kept, self.box, *buttons]


def _laid_out(starters: Sequence[str]) -> _Parts:
    import gradio as gr

    label = labels("page")
    kept = gr.Textbox(session.EMPTY, elem_id="session", visible="hidden", show_label=False)
    saved = gr.Textbox("", elem_id="saved", visible="hidden", show_label=False)
    cleared = gr.Textbox(session.EMPTY, elem_id="cleared", visible="hidden", show_label=False)
    log = gr.Chatbot(
        elem_id="log",
        label=label["log"],
        show_label=False,
        container=False,
        height=None,
        autoscroll=False,
        buttons=[],
        latex_delimiters=[],
        layout="bubble",
        placeholder=label["start"] if starters else label["start_empty"],
        examples=[{"text": question} for question in starters],
    )
    with gr.Row(elem_id="asking"):
        box = gr.Textbox(elem_id="question", label=label["ask"], placeholder=label["ask_hint"], lines=1, max_lines=6)
        send = gr.Button(label["send"], elem_id="send", variant="primary")
        stop = gr.Button(label["stop"], elem_id="stop", visible=False)
    with gr.Row(elem_id="actions"):
        actions = [gr.Button(label[name], visible=False) for name in ("edit", "again", "clear", "bring_back")]
    return _Parts(kept, saved, cleared, log, box, send, stop, *actions)


def _updates(shown: Shown, *, cleared: bool = False) -> list[Any]:
    import gradio as gr

    begun, waiting = shown.begun and not shown.waiting, shown.waiting
    visible = (not waiting, waiting, begun, begun, begun, cleared)
    box = gr.skip() if shown.box is None else shown.box
    return [shown.messages, shown.session, box, *(gr.update(visible=one) for one in visible)]


def _join_asking(blocks: "gr.Blocks", chat: Chat, parts: _Parts) -> None:
    """All that asks, and what ends it: the button, and a tab that is closed."""
    import gradio as gr

    tabs = Tabs()

    async def on_ask(question: str, kept: str, request: gr.Request) -> AsyncIterator[list[Any]]:
        async for shown in tabs.until_closed(_tab(request), chat.asked(question, kept, _client(request), _seat(request))):
            yield _updates(shown)

    async def on_choose(kept: str, choice: gr.SelectData, request: gr.Request) -> AsyncIterator[list[Any]]:
        chosen = choice.value["text"] if isinstance(choice.value, dict) else choice.value
        async for shown in tabs.until_closed(_tab(request), chat.asked(str(chosen), kept, _client(request))):
            yield _updates(shown)

    async def on_again(kept: str, request: gr.Request) -> AsyncIterator[list[Any]]:
        async for shown in tabs.until_closed(_tab(request), chat.again(kept, _client(request))):
            yield _updates(shown)

    async def on_close(request: gr.Request) -> None:
        tabs.closed(_tab(request))

    kept, outputs = parts.kept, parts.outputs
    # "multiple": after a stop one can ask again at once, though the stopped answer may still be on its way to nowhere.
    free: dict[str, Any] = {**_QUIET, "trigger_mode": "multiple"}
    asking = [
        gr.on([parts.box.submit, parts.send.click], on_ask, [parts.box, kept], outputs, **free),
        gr.on([parts.log.example_select, parts.log.option_select], on_choose, [kept], outputs, **free),
        parts.again.click(on_again, [kept], outputs, **free),
    ]
    parts.stop.click(lambda kept: _updates(chat.restored(kept)), [kept], outputs, cancels=asking, **_QUIET)
    blocks.unload(on_close)


def _join_going_back(chat: Chat, parts: _Parts) -> None:
    """All that changes what is shown without asking."""

    def as_it_was(kept: str) -> list[Any]:
        return _updates(chat.restored(kept))

    kept, cleared, outputs = parts.kept, parts.cleared, parts.outputs
    parts.edit.click(lambda kept: _updates(chat.edited(kept)), [kept], outputs, **_QUIET)
    parts.clear.click(lambda kept: [*_updates(chat.shown([], box=""), cleared=True), kept], [kept], [*outputs, cleared], **_QUIET)
    parts.bring_back.click(as_it_was, [cleared], outputs, **_QUIET)
    parts.saved.change(as_it_was, [parts.saved], outputs, **_QUIET)


def _named_endpoint(chat: Chat) -> None:
    import gradio as gr

    async def ask(question: str, request: gr.Request, previous: list[str] | None = None) -> dict[str, Any]:
        """The reply to a question as JSON. `previous`: the earlier questions of the conversation, oldest first."""
        try:
            reply = await chat.reply(question, previous or (), _client(request), _seat(request))
        except CancerBotError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return reply.model_dump(mode="json")

    gr.api(ask, api_name="ask")  # type: ignore[attr-defined]  # exported, but not by name


def _on_like(chat: Chat, thumbs: Thumbs) -> Callable[..., None]:
    import gradio as gr

    def on_like(kept: str, given: gr.LikeData) -> None:
        place = given.index if isinstance(given.index, int) else given.index[0]
        replies = chat.replies(kept)
        # Each reply is the second message of its turn.
        if place // 2 < len(replies):
            try:
                thumbs.keep(feedback(replies[place // 2], helpful=given.liked is True))
            except CancerBotError as error:
                raise gr.Error(str(error), print_exception=False) from error
            gr.Info(labels("page")["thanks_for_feedback"])

    return on_like


def _seat(request: "gr.Request") -> Seat | None:
    """The seat that the doorkeeper promised to this request."""
    seat = request.request.scope.get(SEAT) if request and request.request else None
    return seat if isinstance(seat, Seat) else None


def _tab(request: "gr.Request") -> str:
    return (request.session_hash if request else None) or ""


def _client(request: "gr.Request") -> str:
    return request.client.host if request and request.client else ""
