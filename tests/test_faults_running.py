"""Things that change under a running program: the source, the folder for temporary files, the server itself."""

import asyncio
import itertools
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from bot.chain import Bot
from bot.opening import open_bot
from bot.settings import Settings
from tests.leaflet import (
    ANSWER,
    CHANGED,
    NEW_ANSWER,
    NEW_QUESTION,
    TEXT,
    Place,
    assert_answers,
    assert_right_or_one_line,
    leftovers,
    tell,
)
from tests.load import Answer, Crowd
from tests.served import serving

TEXTS = (TEXT, CHANGED, f"{TEXT}\nA last line.\n")


@contextmanager
def rewriting(source: Path, *, in_place: bool) -> Iterator[None]:
    """Somebody saves the source again and again, another text each time; in place there is a moment when it is empty."""
    stop = threading.Event()

    def write() -> None:
        for text in itertools.cycle(TEXTS):
            target = source if in_place else source.with_suffix(".new")
            target.write_text(text, encoding="utf-8")
            target.replace(source)
            if stop.wait(0.02):
                return

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("in_place", [True, False])
def test_a_source_that_is_saved_while_it_is_read(leaflet: Place, in_place: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Each run works on one of the texts, whole, or says in one line why not; afterwards everything is as if nothing had been."""
    rounds, answered, built = 3, 0, 0
    with rewriting(leaflet.source, in_place=in_place):
        for _ in range(rounds):
            done = leaflet.prepared.run(*[leaflet.asking()] * 2, *[leaflet.command("ingest")] * 2)
            answered += sum(assert_right_or_one_line(run, ANSWER, *TEXTS) for run in done[:2])
            built += sum(run.status == 0 or assert_right_or_one_line(run, ANSWER) for run in done[2:])
    leaflet.change()
    assert_answers(leaflet.ask(NEW_QUESTION), NEW_ANSWER, CHANGED)
    leaflet.assert_whole()
    tell(capsys, f"{4 * rounds} tries: {answered} of {2 * rounds} questions answered, {built} of {2 * rounds} ingests done")
    assert built or answered


def remove_files(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("take_away", [shutil.rmtree, remove_files])
def test_the_copy_of_a_running_bot_is_swept_away(
    leaflet: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bool, take_away: Callable[[Path], None]
) -> None:
    """As systems do with old temporary files, before or after the first question: it answers on, and so does the next bot."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    settings = Settings(docs=leaflet.docs, index=leaflet.index)
    bot = open_bot(settings)
    if first:
        assert_cites(bot)
    for path in list(temporary.iterdir()):
        take_away(path) if path.is_dir() else path.unlink()
    assert_cites(bot)
    assert_cites(bot)
    other = open_bot(settings)
    bot.close()
    assert_cites(other)
    other.close()
    assert leftovers(temporary) == []


def assert_cites(bot: Bot) -> None:
    assert ANSWER in [citation.quote for citation in bot.ask("Do copper bands relieve joint pain?").citations]


def test_a_server_that_is_killed_under_load_and_started_again(
    built_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every question in flight ends in an error at once, none hangs and none is wrong; after the start all are answered."""
    with serving(built_index, tmp_path) as served:
        port = int(served.address.rsplit(":", 1)[1])
        before, cut_off = asyncio.run(kill_under(served.address, served.process.pid))
    assert before
    assert cut_off
    assert all(answer.said for answer in cut_off)
    assert max(answer.seconds for answer in cut_off) < 30
    with serving(built_index, tmp_path, port=port) as again:
        answers = asyncio.run(ask_again(again.address))
    assert all(answer.reply for answer in answers), answers
    tell(capsys, f"{len(before)} answered, then {len(cut_off)} cut off by the kill, then {len(answers)} answered again")


async def kill_under(address: str, process: int) -> tuple[list[Answer], list[Answer]]:
    """Eight people ask without a pause until the server is killed; the answers until then, and what came instead of the rest."""
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        crowd = Crowd(address, client, think=0.0)
        people = [asyncio.create_task(ask_on(crowd, number)) for number in range(8)]
        while len(crowd.answers) < 40:
            await asyncio.sleep(0.05)
        os.kill(process, signal.SIGKILL)
        await asyncio.gather(*people)
    return [answer for answer in crowd.answers if answer.reply], [answer for answer in crowd.answers if not answer.reply]


async def ask_on(crowd: Crowd, number: int) -> None:
    while not any(answer.said for answer in crowd.answers):
        crowd.answers.append(await crowd.ask(f"tab{number}", number, 0))


async def ask_again(address: str) -> list[Answer]:
    """The same eight people, in the sessions that they had."""
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        crowd = Crowd(address, client, think=0.0)
        return list(await asyncio.gather(*[crowd.ask(f"tab{number}", number, 1) for number in range(8)]))
