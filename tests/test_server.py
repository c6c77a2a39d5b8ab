"""The server as programs meet it: health, the named endpoint, headers, users, limits, signals."""

import base64
import datetime
import gc
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.chain import Bot
from bot.cli import main
from bot.reply import Reply
from bot.web import session
from bot.web.passwords import Users, UsersError, user_line
from bot.web.visit import visit_markdown, visit_page
from ingest.documents import Document
from prompts import text
from tests.conftest import ROOT
from tests.served import Served, health, serving

# gradio_client leaves sockets of its event loops to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
AWAKE = "Is the patient awake during it?"
TODAY = datetime.date(2026, 11, 24)


@pytest.fixture(autouse=True)
def swept() -> Iterator[None]:
    """What gradio_client leaves lying is collected here, not in another test."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def served(built_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(built_index, tmp_path_factory.mktemp("served")) as server:
        yield server


def client(address: str, **options: Any) -> Any:
    from gradio_client import Client

    return Client(address, verbose=False, **options)


@pytest.mark.filterwarnings("ignore")
def test_the_named_endpoint_returns_the_contracts_json(served: Served, bot: Bot) -> None:
    """The same reply as the chain's own, with the earlier questions heeded; several askers get their own answers."""
    asker = client(served.address)
    reply = asker.predict(question=AWAKE, previous=["How does RFA work?"], api_name="/ask")
    own = bot.ask(AWAKE, ["How does RFA work?"])
    assert Reply.model_validate(reply).model_copy(update={"milliseconds": 0.0}) == own.model_copy(update={"milliseconds": 0.0})
    questions = ["What is a colostomy?", "What is a clinical trial?", "How is bleeding stopped?", "How much does RFA cost?"] * 4
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda question: asker.predict(question=question, api_name="/ask"), questions))
    assert [answer["question"] for answer in answers] == questions
    assert answers[0]["answer"] == bot.ask(questions[0]).answer


@pytest.mark.filterwarnings("ignore")
def test_the_example_of_the_endpoint_works(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "using.md").read_text(encoding="utf-8")
    example = re.search(r"```python\n(from gradio_client.+?)```", page, re.DOTALL)
    assert example
    exec(example[1].replace("http://127.0.0.1:7860", served.address), {})  # noqa: S102 -- our own page
    assert "answered RFA is usually done while the patient is under general anesthesia" in capsys.readouterr().out


def test_health_and_headers(served: Served) -> None:
    assert health(served.address) == (200, {"ready": True, "done": 0, "of": 0})
    for path in ("/", "/healthz", "/page/page.css", "/config"):
        with urllib.request.urlopen(served.address + path) as answer:  # noqa: S310 -- our own address
            policy = answer.headers["content-security-policy"]
            assert "default-src 'self'" in policy
            assert "unsafe-eval" not in policy
            assert "script-src 'self' 'unsafe-inline'" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert "server" not in answer.headers


def test_not_ready_is_said_before_it_is(tmp_path: Path) -> None:
    """While the index is built `/healthz` answers 503, and the article can be read."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CANCER_BOT_")}
    environment["CANCER_BOT_INDEX"] = str(tmp_path / "new")
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "serve", "--port", str(port)],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    seen: list[int] = []
    try:
        end = time.monotonic() + 90
        while time.monotonic() < end and (not seen or seen[-1] != 200):
            try:
                seen.append(health(f"http://127.0.0.1:{port}")[0])
            except OSError:
                time.sleep(0.1)
        assert set(seen) == {503, 200}
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()


def test_a_taken_port_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("CANCER_BOT_INDEX", str(tmp_path))
        monkeypatch.setattr(sys, "argv", ["cancer-bot", "serve", "--port", str(port)])
        with pytest.raises(SystemExit) as stopped:
            main()
    assert stopped.value.code == 1
    assert f"Can't listen on 127.0.0.1, port {port}" in capsys.readouterr().err


def test_a_place_for_thumbs_that_can_not_be_written_is_said_at_the_start(built_index: Path, tmp_path: Path) -> None:
    """One line, before anybody has clicked: what, which file, what to do."""
    nowhere = tmp_path / "none" / "thumbs.jsonl"
    environment = os.environ | {"CANCER_BOT_INDEX": str(built_index), "CANCER_BOT_FEEDBACK": str(nowhere)}
    command = [sys.executable, "-m", "bot", "serve", "--port", "0"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    said = f"CANCER_BOT_FEEDBACK={nowhere} can't be written (No such file or directory): name a file in a folder that is there."
    assert done.stderr.splitlines()[1:] == [f"cancer-bot: {said}"]


@pytest.mark.filterwarnings("ignore")
def test_users_limits_and_feedback_off(built_index: Path, tmp_path: Path) -> None:
    """With a file of users nobody else asks; one client asks so much in a minute; thumbs are off unless wanted."""
    users = tmp_path / "users"
    users.write_text(user_line("ada", "correct horse"), encoding="utf-8")
    with serving(built_index, tmp_path, auth_file=str(users), rate_limit="3") as server:
        with pytest.raises(Exception, match=r"[Cc]redentials|401|[Ll]ogin|[Aa]uth"):
            client(server.address, auth=("ada", "wrong")).predict(question=AWAKE, api_name="/ask")
        with pytest.raises(Exception, match=r"401|[Aa]uth|[Ll]ogin|[Jj][Ss][Oo][Nn]|config"):
            client(server.address).predict(question=AWAKE, api_name="/ask")
        with urllib.request.urlopen(server.address) as login:  # noqa: S310 -- our own address
            assert text("notice") in login.read().decode()
        asker = client(server.address, auth=("ada", "correct horse"))
        for _ in range(3):
            assert asker.predict(question="What is RFA?", api_name="/ask")["outcome"] == "answered"
        with pytest.raises(Exception, match=r"Wait \d+ seconds"):
            asker.predict(question="What is RFA?", api_name="/ask")
        assert health(server.address)[0] == 200


def test_other_machines_are_let_in_only_when_told_and_it_is_said(built_index: Path, tmp_path: Path) -> None:
    with (tmp_path / "said").open("w+") as said:
        environment = os.environ | {"CANCER_BOT_INDEX": str(built_index)}
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--host", "0.0.0.0", "--port", "0"],  # noqa: S104 -- is what is tested
            env=environment,
            cwd=tmp_path,
            stdout=said,
            stderr=said,
        )
        try:
            end = time.monotonic() + 60
            while time.monotonic() < end and "Open http" not in (tmp_path / "said").read_text():
                time.sleep(0.2)
        finally:
            process.kill()
            process.wait()
    assert "other machines can use the page" in (tmp_path / "said").read_text()


def test_passwords_are_kept_as_salted_scrypt(tmp_path: Path) -> None:
    line = user_line("ada", "correct horse")
    name, salt, digest = line.split(":")
    expected = hashlib.scrypt(b"correct horse", salt=base64.b64decode(salt), n=2**17, r=8, p=1, maxmem=2**28, dklen=32)
    assert (name, base64.b64decode(digest)) == ("ada", expected)
    assert "correct" not in line
    assert user_line("ada", "correct horse") != line
    file = tmp_path / "users"
    file.write_text(f"# people\n\n{line}\n", encoding="utf-8")
    users = Users.from_file(file)
    assert users.may("ada", "correct horse")
    assert not users.may("ada", "Correct horse")
    assert not users.may("eve", "correct horse")


@pytest.mark.parametrize(("content", "said"), [("", "names no user"), ("ada:secret", "line 1 is no user")])
def test_a_bad_file_of_users_is_one_line(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "users"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(UsersError, match=said):
        Users.from_file(file)
    with pytest.raises(UsersError, match="can't be read"):
        Users.from_file(tmp_path / "none")
    with pytest.raises(UsersError, match="can't be used"):
        user_line("a:b", "x")


def test_a_conversation_survives_the_way_to_the_browser_and_back(bot: Bot, article: Document) -> None:
    replies = [bot.ask("What is RFA?"), bot.ask("How much does RFA cost?"), bot.ask("dad is coughing up blood")]
    kept = session.written(replies)
    assert session.read(kept, [article]) == tuple(replies)
    assert session.questions(replies) == ("What is RFA?", "How much does RFA cost?", "dad is coughing up blood")
    for broken in ("", "[", "{}", '[{"question": "x"}]', "null"):
        assert session.read(broken, [article]) == ()
    moved = json.loads(kept)
    moved[0]["citations"][0]["start"] += 1
    assert [reply.question for reply in session.read(json.dumps(moved), [article])] == [
        "How much does RFA cost?",
        "dad is coughing up blood",
    ]


def test_the_sheet_shows_typed_text_as_typed(bot: Bot) -> None:
    """No tag and no Markdown of a question works on the sheet."""
    hostile = "<script>alert(1)</script> **What** is RFA [x](http://example.com)?"
    reply = bot.ask("What is RFA?").model_copy(update={"question": hostile})
    shown = visit_page([reply], TODAY, session.written([reply]))
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    markdown = visit_markdown([reply], TODAY)
    assert "\\*\\*What\\*\\*" in markdown
    assert "\\[x\\](http" in markdown
    assert "November 24, 2026" in shown
    assert "November 24, 2026" in markdown
