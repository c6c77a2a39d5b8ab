"""Nothing leaves the machine, and no question is written down."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import packaged_docs

# Settings under which the libraries underneath would send something, were they not silenced.
TEMPTING = {
    "LANGSMITH_TRACING": "true",
    "LANGSMITH_API_KEY": "x",
    "LANGCHAIN_TRACING_V2": "true",
    "LANGCHAIN_API_KEY": "x",
    "ANONYMIZED_TELEMETRY": "True",
    "HF_HUB_OFFLINE": "0",
    "DO_NOT_TRACK": "0",
}

# Run before the command: every look-up of a host and every connection beyond this machine is noted and refused.
WATCH = """
import sys, os
def watch(event, arguments):
    if event == "socket.getaddrinfo" or event == "socket.gethostbyname":
        host = arguments[0]
        if host not in (None, "", "localhost", "127.0.0.1", "::1"):
            note(event, host)
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        if isinstance(address, tuple) and not str(address[0]).startswith(("127.", "::1", "localhost")):
            note(event, address)
def note(*what):
    with open(os.environ["NOTES"], "a") as notes:
        print(*what, file=notes)
    raise PermissionError(f"blocked: {what}")
sys.addaudithook(watch)
"""


def run(*arguments: str, tmp_path: Path, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    hooks = tmp_path / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "sitecustomize.py").write_text(WATCH)
    environment = {**os.environ, **TEMPTING, "PYTHONPATH": str(hooks), "NOTES": str(tmp_path / "notes")}
    environment |= {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp"), "CANCER_BOT_INDEX": str(tmp_path / "index")}
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir(exist_ok=True)
    command = [*prefix, sys.executable, "-m", "bot", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_ingest_and_ask_open_no_connection(tmp_path: Path) -> None:
    """With every socket watched, and settings that tempt the libraries underneath."""
    assert run("ingest", tmp_path=tmp_path).returncode == 0
    assert run("ask", "What is chemotherapy?", tmp_path=tmp_path).returncode == 0
    assert not (tmp_path / "notes").exists()


def test_the_watch_would_notice(tmp_path: Path) -> None:
    """A connection that is tried is noted: the test above can fail."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(WATCH)
    environment = {**os.environ, "PYTHONPATH": str(hooks), "NOTES": str(tmp_path / "notes")}
    script = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert "blocked" in done.stderr
    assert (tmp_path / "notes").read_text()


def network_namespace() -> tuple[str, ...] | None:
    """A prefix that runs a command where there is no network at all; None where the system grants none."""
    if not shutil.which("unshare"):
        return None
    for prefix in (("unshare", "-n"), ("unshare", "-rn")):
        if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
            return prefix
    return None


def test_everything_works_where_there_is_no_network(tmp_path: Path) -> None:
    prefix = network_namespace()
    if prefix is None:
        pytest.skip("this system grants no network namespace (util-linux unshare)")
    done = run("ask", "What is chemotherapy?", tmp_path=tmp_path, prefix=prefix)
    assert done.returncode == 0, done.stderr
    assert "uses drugs to kill cancer cells. [1]" in " ".join(done.stdout.split())


def test_no_question_is_written_to_disk(tmp_path: Path) -> None:
    """Every file that a build and two questions leave behind is searched for the words of the questions."""
    assert run("ask", "Does chemotherapy zyxwvut my gall bladder?", tmp_path=tmp_path).returncode in (0, 3)
    assert run("ask", "And for bones?", "--previous", "Is zyxwvut radiation used?", tmp_path=tmp_path).returncode in (0, 3)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "chroma.sqlite3" for path in files)
    assert not [path for path in files if b"zyxwvut" in path.read_bytes().lower()]


def test_no_snapshot_is_left_behind(tmp_path: Path) -> None:
    assert run("ask", "What is chemotherapy?", tmp_path=tmp_path).returncode == 0
    assert list((tmp_path / "tmp").iterdir()) == []


def test_the_sources_are_only_read(tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in packaged_docs().rglob("*")}
    assert run("ingest", tmp_path=tmp_path).returncode == 0
    assert before == {path: path.stat().st_mtime_ns for path in packaged_docs().rglob("*")}
