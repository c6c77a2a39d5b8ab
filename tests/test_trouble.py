"""The page and its endpoint when things are slow, crowded or not ready. The slow bot is the real one that takes its time."""

import asyncio
import gc
import json
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from bot.chain import Bot
from bot.language_model import LanguageModel
from bot.reply import Reply
from bot.settings import DEFAULT_REGION, Settings
from bot.web.article import Sections
from bot.web.chat import AT_A_TIME, WAITING, Chat, Shown
from bot.web.doorkeeper import ENDPOINT, PAGE, Doorkeeper
from bot.web.limits import BusyError, RateLimit, Seat, TooManyError, Turnstile
from bot.web.messages import Messages
from bot.web.readiness import NotReadyError, Readiness
from bot.web.security import Message, Receive, Scope, Send
from bot.web.server import application
from bot.web.tabs import Tabs
from bot.web.terms import Glossary
from ingest.documents import Document
from prompts import labels
from tests.provider import provider, stalls
from tests.served import ARGUMENTS, CHROMIUM, NO_CHROMIUM, running
from tests.test_language_model import rewording

# Gradio's own: it asks pandas for what the next pandas will do anyway, and leaves sockets of its event loops to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
LABEL = labels("page")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)


class SlowBot(Bot):
    """The bot, answering only after a gate has been opened."""

    def __init__(self, bot: Bot) -> None:
        self.__dict__.update(bot.__dict__)
        self.gate = threading.Event()

    def ask(self, question: str, previous: Sequence[str] = ()) -> Reply:
        self.gate.wait(30)
        return super().ask(question, previous)


@pytest.fixture(autouse=True)
def swept() -> Iterator[None]:
    """What Gradio leaves lying is collected here, not in another test."""
    yield
    gc.collect()


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser.new_page()
        browser.close()


def visit(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("textbox", name=LABEL["ask"]).wait_for(timeout=30_000)


def type_in(page: Page, question: str) -> None:
    page.get_by_role("textbox", name=LABEL["ask"]).fill(question)
    page.get_by_role("textbox", name=LABEL["ask"]).press("Enter")


@needs_chromium
def test_a_slow_start_shows_how_far_it_is_and_loses_no_question(
    page: Page, bot: Bot, article: Document, built_index: Path
) -> None:
    readiness = Readiness()
    readiness.progress(3, 12)
    with running(application(Settings(index=built_index), [article], readiness)) as address:
        visit(page, address)
        status = page.get_by_role("status").filter(has_text=LABEL["getting_ready_long"])
        expect(status).to_be_visible()
        expect(status.get_by_role("progressbar")).to_have_attribute("value", "3")
        type_in(page, "What is RFA?")
        expect(page.get_by_role("log")).to_contain_text(labels("problems")["not_ready"])
        expect(page.get_by_role("textbox", name=LABEL["ask"])).to_have_value("What is RFA?")
        readiness.answer_with(bot)
        expect(status).to_be_hidden(timeout=10_000)
        page.get_by_role("textbox", name=LABEL["ask"]).press("Enter")
        expect(page.locator("#log .reply.answered")).to_be_visible()


@needs_chromium
def test_stop_ends_the_waiting_and_a_reload_in_the_middle_keeps_what_was(
    page: Page, bot: Bot, article: Document, built_index: Path
) -> None:
    readiness, slow = Readiness(), SlowBot(bot)
    readiness.answer_with(slow)
    with running(application(Settings(index=built_index), [article], readiness)) as address:
        visit(page, address)
        slow.gate.set()
        type_in(page, "What is RFA?")
        expect(page.locator("#log .reply.answered")).to_have_count(1)
        slow.gate.clear()
        type_in(page, "What is a colostomy?")
        expect(page.locator("#log .reply.pending")).to_be_visible()
        page.get_by_role("button", name=LABEL["stop"]).click()
        expect(page.locator("#log .reply.pending")).to_have_count(0)
        expect(page.locator("#log .reply.answered")).to_have_count(1)
        expect(page.get_by_role("button", name=LABEL["send"], exact=True)).to_be_visible()
        type_in(page, "What is a catheter?")
        expect(page.locator("#log .reply.pending")).to_be_visible()
        page.reload()
        expect(page.locator("#log .reply.answered")).to_have_count(1, timeout=15_000)
        slow.gate.set()
        type_in(page, "What is a clinical trial?")
        expect(page.locator("#log .reply.answered")).to_have_count(2)


@needs_chromium
@pytest.mark.parametrize("end", ["answered", "stopped"])
def test_what_is_typed_while_an_answer_is_on_its_way_stays(
    page: Page, bot: Bot, article: Document, built_index: Path, end: str
) -> None:
    readiness, slow = Readiness(), SlowBot(bot)
    readiness.answer_with(slow)
    with running(application(Settings(index=built_index), [article], readiness)) as address:
        visit(page, address)
        type_in(page, "What is RFA?")
        expect(page.locator("#log .reply.pending")).to_be_visible()
        box = page.get_by_role("textbox", name=LABEL["ask"])
        expect(box).to_have_value("")
        box.fill("What is a catheter?")
        if end == "answered":
            slow.gate.set()
        else:
            page.get_by_role("button", name=LABEL["stop"]).click()
        expect(page.locator("#log .reply.pending")).to_have_count(0)
        page.wait_for_timeout(700)
        expect(box).to_have_value("What is a catheter?")
        slow.gate.set()
        box.press("Enter")
        expect(page.locator("#log .reply.answered").last).to_contain_text("catheter")


@needs_chromium
@pytest.mark.parametrize("leave", ["stop", "reload", "close"])
def test_who_stops_or_leaves_ends_a_call_to_a_language_model(
    page: Page, bot: Bot, article: Document, built_index: Path, monkeypatch: pytest.MonkeyPatch, leave: str
) -> None:
    """A model that never answers is hung up on when nobody waits for it any more, long before its deadline."""
    ways: dict[str, Callable[[], object]] = {
        "stop": lambda: page.get_by_role("button", name=LABEL["stop"]).click(),
        "reload": page.reload,
        "close": page.close,
    }
    with provider(stalls) as there:
        monkeypatch.setenv("OPENAI_BASE_URL", there.address)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
        readiness = Readiness()
        readiness.answer_with(rewording(bot, LanguageModel.from_setting("openai:m")))
        with running(application(Settings(index=built_index), [article], readiness)) as address:
            visit(page, address)
            type_in(page, "Is the patient awake during RFA?")
            expect(page.locator("#log .reply.pending")).to_be_visible()
            until(lambda: bool(there.asked))
            assert not there.hung_up.is_set()
            ways[leave]()
            assert there.hung_up.wait(3)
            if leave != "close":
                expect(page.locator("#log .reply.pending")).to_have_count(0)


def test_a_tab_that_is_closed_ends_what_it_waits_for_and_no_other() -> None:
    """The steps that came before are kept, the one under way is cancelled."""
    cancelled: list[str] = []

    async def steps(name: str, end: asyncio.Event) -> AsyncIterator[str]:
        yield f"{name} asked"
        try:
            await end.wait()
        except asyncio.CancelledError:
            cancelled.append(name)
            raise
        yield f"{name} answered"

    async def listed(tabs: Tabs, name: str, end: asyncio.Event) -> list[str]:
        return [step async for step in tabs.until_closed(name, steps(name, end))]

    async def both() -> list[list[str]]:
        tabs, end = Tabs(), asyncio.Event()
        waiting = [asyncio.create_task(listed(tabs, name, end)) for name in ("left", "there")]
        await asyncio.sleep(0.05)
        tabs.closed("left")
        tabs.closed("never seen")
        await asyncio.sleep(0.05)
        end.set()
        return await asyncio.gather(*waiting)

    assert asyncio.run(both()) == [["left asked"], ["there asked", "there answered"]]
    assert cancelled == ["left"]


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    assert holds()


@pytest.mark.filterwarnings("ignore")
def test_a_full_house_says_so_at_once(bot: Bot, article: Document, built_index: Path) -> None:
    """Beyond the bound a question is declined within a second; those inside are all answered."""
    from gradio_client import Client
    from gradio_client.exceptions import AppError

    readiness, slow = Readiness(), SlowBot(bot)
    readiness.answer_with(slow)
    with running(application(Settings(index=built_index), [article], readiness)) as address:
        asker = Client(address, verbose=False)
        jobs = [asker.submit(question="What is RFA?", api_name="/ask") for _ in range(AT_A_TIME + WAITING)]
        time.sleep(3)
        begun = time.monotonic()
        with pytest.raises(AppError, match=labels("problems")["busy"]):
            asker.predict(question="What is RFA?", api_name="/ask")
        assert time.monotonic() - begun < 1
        slow.gate.set()
        assert [job.result(timeout=30)["outcome"] for job in jobs] == ["answered"] * len(jobs)


@needs_chromium
@pytest.mark.filterwarnings("ignore")
def test_a_full_house_is_said_on_the_page_and_help_is_there(page: Page, bot: Bot, article: Document, built_index: Path) -> None:
    """The question stays in the box to be asked again; whoever is in danger, now or a line before, is told what to do."""
    from gradio_client import Client

    readiness, slow = Readiness(), SlowBot(bot)
    readiness.answer_with(slow)
    with running(application(Settings(index=built_index), [article], readiness)) as address:
        visit(page, address)
        asker = Client(address, verbose=False)
        jobs = [asker.submit(question="What is RFA?", api_name="/ask") for _ in range(AT_A_TIME + WAITING)]
        time.sleep(3)
        type_in(page, "What is a colostomy?")
        expect(page.get_by_text(labels("problems")["busy"])).to_be_visible(timeout=2_000)
        expect(page.get_by_role("textbox", name=LABEL["ask"])).to_have_value("What is a colostomy?")
        expect(page.get_by_role("button", name=LABEL["send"], exact=True)).to_be_visible()
        type_in(page, "dad is coughing up blood right now")
        expect(page.locator("#log .reply.emergency")).to_have_count(1)
        type_in(page, "what should I do?")
        expect(page.locator("#log .reply.emergency")).to_have_count(2)
        slow.gate.set()
        assert [job.result(timeout=30)["outcome"] for job in jobs] == ["answered"] * len(jobs)
        type_in(page, "What is a colostomy?")
        expect(page.locator("#log .reply.answered")).to_have_count(1)


@needs_chromium
def test_thumbs_store_how_and_where_but_not_what(
    page: Page, bot: Bot, article: Document, built_index: Path, tmp_path: Path
) -> None:
    """Off unless asked for; then a thumb keeps outcome, reason and sections, and no word of the question."""
    readiness, file = Readiness(), tmp_path / "thumbs.jsonl"
    readiness.answer_with(bot)
    with running(application(Settings(index=built_index), [article], readiness)) as address:
        visit(page, address)
        type_in(page, "Is the patient awake during RFA?")
        expect(page.locator("#log .reply.answered")).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("like|helpful", re.IGNORECASE))).to_have_count(0)
    with running(application(Settings(index=built_index, feedback=file), [article], readiness)) as address:
        visit(page, address)
        type_in(page, "Is the patient awake during RFA?")
        page.get_by_role("button", name=LABEL["helpful"], exact=True).click()
        expect(page.locator("body")).to_contain_text(LABEL["thanks_for_feedback"])
    assert json.loads(file.read_text(encoding="utf-8")) == {
        "helpful": True,
        "outcome": "answered",
        "reason": None,
        "sections": ["Treating Advanced Cancer › Ablative techniques for advanced cancer"],
    }


def test_danger_is_answered_even_where_nothing_can_be(article: Document) -> None:
    """Not ready, or over the limit: a call for help gets what to do now, anything else gets the line that says why."""
    limit = RateLimit(1)
    chat = Chat(Readiness(), [article], Messages([article.name], Sections([article]), Glossary([article])), limit, "GB")
    for client in ("a", "b"):
        for question, outcome in (("dad is coughing up blood right now", "emergency"), ("i want to kill myself", "crisis")):
            reply = asyncio.run(chat.reply(question, (), client))
            assert reply.outcome == outcome
            assert "999" in reply.answer
            shown = asyncio.run(everything(chat.asked(question, "[]", client)))[-1]
            assert shown.messages[-1]["content"].startswith(f'<div class="reply {outcome}"')
    with pytest.raises(NotReadyError):
        asyncio.run(chat.reply("What is RFA?", (), "c"))
    with pytest.raises(TooManyError):
        asyncio.run(chat.reply("What is RFA?", (), "c"))


async def everything(shown: AsyncIterator[Shown]) -> list[Shown]:
    return [one async for one in shown]


def test_a_turnstile_lets_nobody_in_beyond_its_room() -> None:
    most, inside = 0, 0

    async def ask(turnstile: Turnstile, open_now: asyncio.Event, seat: Seat | None = None) -> bool:
        nonlocal most, inside
        try:
            async with turnstile.turn(seat):
                inside += 1
                most = max(most, inside)
                await open_now.wait()
                inside -= 1
        except BusyError:
            return False
        return True

    async def crowd() -> tuple[list[bool], bool]:
        turnstile, open_now = Turnstile(2, 3), asyncio.Event()
        kept = turnstile.promised()
        jobs = [asyncio.create_task(ask(turnstile, open_now)) for _ in range(20)]
        await asyncio.sleep(0)
        jobs.append(asyncio.create_task(ask(turnstile, open_now, kept)))
        await asyncio.sleep(0.1)
        assert turnstile.full
        open_now.set()
        return await asyncio.gather(*jobs), turnstile.full

    entered, full_at_the_end = asyncio.run(crowd())
    assert (sum(entered), entered[-1], most, full_at_the_end) == (5, True, 2, False)


def test_a_promised_seat_is_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that never comes takes nobody's seat; one that comes too late, while there is room, is answered."""
    monkeypatch.setattr("bot.web.limits.ON_ITS_WAY", 0.05)
    turnstile = Turnstile(1, 0)
    seat = turnstile.promised()
    assert turnstile.full
    time.sleep(0.1)
    assert not turnstile.full

    async def late() -> None:
        async with turnstile.turn(seat):
            assert turnstile.full

    asyncio.run(late())
    assert not turnstile.full


def test_who_has_asked_too_much_keeps_nobody_out(article: Document) -> None:
    """A question that never comes to its turn gives its seat back."""
    messages = Messages([article.name], Sections([article]), Glossary([article]))
    chat = Chat(Readiness(), [article], messages, RateLimit(1), DEFAULT_REGION)
    for _ in range(2 * (AT_A_TIME + WAITING)):
        with pytest.raises((NotReadyError, TooManyError)):
            asyncio.run(chat.reply("What is RFA?", (), "a", chat.promised()))
    assert not chat.full


def declined(chat: Chat, body: object, *, whole: bool = True, path: str = ENDPOINT) -> tuple[int, bytes]:
    """What the doorkeeper answers to a question; status 200 and the body as it came to it where the question passes."""
    sent, content = list[Message](), json.dumps(body).encode() if whole else b"{"

    async def inner(_: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"".join([(await receive())["body"] for _ in range(2)])})

    async def send(message: Message) -> None:
        sent.append(message)

    async def exchange() -> None:
        parts = [content[5:], content[:5]]

        async def receive() -> Message:
            return {"type": "http.request", "body": parts.pop(), "more_body": bool(parts)}

        await Doorkeeper(inner, chat)({"type": "http", "method": "POST", "path": path}, receive, send)

    asyncio.run(exchange())
    assert whole is False or sent[1]["body"] == content or sent[0]["status"] in (429, 503)
    return sent[0]["status"], sent[1]["body"]


def test_the_doorkeeper_declines_what_can_wait_and_nothing_else(article: Document) -> None:
    """Only where the house is full; then whatever is no question, and every call for help, still gets to where it is answered."""
    messages = Messages([article.name], Sections([article]), Glossary([article]))
    chat = Chat(Readiness(), [article], messages, RateLimit(None), DEFAULT_REGION)
    for _ in range(AT_A_TIME + WAITING):
        assert declined(chat, {"data": ["What is RFA?", []]})[0] == 200
    for data in (["What is RFA?"], ["What is RFA?", []], ["What is RFA?", ["What is a stent?"]], ["What is RFA?", None]):
        status, body = declined(chat, {"data": data})
        assert (status, json.loads(body)) == (503, {"detail": labels("problems")["busy"]})
    assert declined(chat, {"data": ["dad is coughing up blood right now", []]})[0] == 200
    assert declined(chat, {"data": ["what should I do?", ["i want to kill myself"]]})[0] == 200
    bodies: tuple[object, ...] = ({}, {"data": None}, {"data": []}, {"data": [1]}, {"data": ["What is RFA?", [1]]}, [], 5)
    for odd in bodies:
        assert declined(chat, odd)[0] == 200
    assert declined(chat, None, whole=False)[0] == 200
    status, body = declined(chat, {"data": ["What is RFA?", "[]"]}, path=PAGE)
    assert (status, json.loads(body)) == (429, {"detail": labels("problems")["busy"]})
    for of_the_page in (["[]"], ["[]", None], ["  ", "[]"], ["dad is coughing up blood right now", "[]"]):
        assert declined(chat, {"data": of_the_page}, path=PAGE)[0] == 200


def test_a_client_may_ask_so_much_in_a_minute() -> None:
    limit = RateLimit(2)
    limit.count("a")
    limit.count("a")
    limit.count("b")
    with pytest.raises(TooManyError, match=r"Wait \d+ seconds"):
        limit.count("a")
    for _ in range(100):
        RateLimit(None).count("a")
