"""A call to a language model ends when nobody waits for it any more, and its key and the questions stay out of every log."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.chain import Bot
from bot.doctor import examine
from bot.faithful.check import Checker
from bot.language_model import Failure, LanguageModel
from bot.plainer import PlainWords
from bot.writer import Writer
from tests.provider import Behaviour, Provider, blurts, drips, fails, provider, says, stalls

KEY = "sk-secret"
QUESTION = "Is the patient awake during RFA?"
SOON = 3.0


class Believing:
    """A scorer that believes everything."""

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        return [1.0 for _ in pairs]


def rewording(bot: Bot, model: LanguageModel) -> Bot:
    """The bot with a model that rewords."""
    plain_words = PlainWords(Writer(model), Checker(Believing(), 0.5))
    return Bot(bot.retriever, bot.fitted, bot._follow_ups._speller, bot._answering._suggester, plain_words=plain_words)


@pytest.fixture
def talking(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Behaviour], tuple[LanguageModel, Provider]]]:
    """A language model whose server behaves so."""
    with ExitStack() as opened:

        def start(behave: Behaviour) -> tuple[LanguageModel, Provider]:
            there = opened.enter_context(provider(behave))
            monkeypatch.setenv("OPENAI_BASE_URL", there.address)
            monkeypatch.setenv("OPENAI_API_KEY", KEY)
            return LanguageModel.from_setting("openai:m"), there

        yield start


Talking = Callable[[Behaviour], tuple[LanguageModel, Provider]]


@pytest.mark.parametrize("behave", [stalls, drips])
def test_after_the_deadline_the_connection_is_closed(talking: Talking, behave: Behaviour) -> None:
    model, there = talking(behave)
    assert Writer(model, deadline=1.0).write(QUESTION, ["x"]).failure is Failure.LATE
    assert there.hung_up.wait(SOON)


def test_an_interrupt_closes_the_connection(talking: Talking) -> None:
    """Ctrl-C while the model writes."""
    model, there = talking(stalls)
    # What a shell starts in the background does not heed it otherwise.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        Writer(model).write(QUESTION, ["x"])
    signal.signal(signal.SIGINT, before)
    assert there.hung_up.wait(SOON)


def test_who_goes_away_ends_the_call(talking: Talking, bot: Bot) -> None:
    """A task that asks the whole chain and is cancelled, as of a browser that has gone."""
    model, there = talking(stalls)
    asking = rewording(bot, model)

    async def go_away() -> None:
        task = asyncio.create_task(asking.ask_async(QUESTION))
        while not there.asked:
            await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(go_away())
    assert there.hung_up.wait(SOON)


def test_both_ways_to_ask_give_the_same_reply(talking: Talking, bot: Bot) -> None:
    model, _ = talking(says(("RFA is usually done while the patient is under general anesthesia.", [1])))
    asking = rewording(bot, model)
    same, other = asking.ask(QUESTION), asyncio.run(asking.ask_async(QUESTION))
    assert not same.sentences[0].verbatim
    assert same.model_copy(update={"milliseconds": 0}) == other.model_copy(update={"milliseconds": 0})


def test_calls_from_many_threads_share_the_loop(talking: Talking) -> None:
    model, there = talking(says(("x", [1])))
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(Writer(model).write("?", ["x"]).value)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(there.asked) == 8
    assert None not in found


def test_tries_are_bounded(talking: Talking) -> None:
    """A malformed answer is asked for once more, a refusal by the provider's client once more, and no more."""
    model, there = talking(blurts("no JSON"))
    assert Writer(model).write(QUESTION, ["x"]).failure is Failure.MALFORMED
    assert len(there.asked) == 2
    model, there = talking(fails(500))
    assert Writer(model).write(QUESTION, ["x"]).failure is Failure.ERROR
    assert len(there.asked) == 2


@pytest.mark.parametrize("behave", [fails(401), stalls])
def test_the_doctor_names_no_key(
    behave: Behaviour, talking: Talking, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in its lines, not in its JSON, not in what is logged, though the server says the key in its refusal."""
    monkeypatch.setattr("bot.language_model.ONE_CALL", 1.0)
    caplog.set_level(logging.DEBUG)
    talking(behave)
    monkeypatch.setenv("CANCER_BOT_CHAT_MODEL", "openai:m")
    check = next(check for check in examine() if check.name == "language model")
    assert not check.ok
    assert "does not answer" in check.detail
    assert KEY not in check.line() + str(check.as_dict()) + caplog.text


@pytest.mark.parametrize("behave", [fails(401), blurts("no JSON")])
def test_a_library_that_is_told_to_log_says_neither_key_nor_question(behave: Behaviour, built_index: Path) -> None:
    with provider(behave) as there:
        environment = {
            **os.environ,
            "OPENAI_LOG": "debug",
            "OPENAI_BASE_URL": there.address,
            "OPENAI_API_KEY": KEY,
            "CANCER_BOT_CHAT_MODEL": "openai:m",
            "CANCER_BOT_INDEX": str(built_index),
        }
        command = [sys.executable, "-m", "bot", "ask", "Is the patient, zyxwvut, awake during RFA?"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert there.asked
    assert done.returncode == 0
    assert KEY not in done.stdout + done.stderr
    assert "zyxwvut" not in done.stderr
    assert "openai" not in done.stderr
