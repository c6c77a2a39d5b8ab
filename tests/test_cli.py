"""The command as a person meets it: data on stdout, one clear line on stderr, the right exit status."""

import ctypes
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli import main
from bot.settings import packaged_docs
from ingest.manifest import read_manifest

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], index_folder: Path) -> Run:
    """Run the command in this process, on a copy of the built index; returns status, stdout and stderr."""

    def call(*arguments: str, stdin: bytes = b"", **settings: object) -> tuple[int, str, str]:
        monkeypatch.setenv("CANCER_BOT_INDEX", str(index_folder))
        for name, value in settings.items():
            monkeypatch.setenv(name, str(value))
        monkeypatch.setattr(sys, "argv", ["cancer-bot", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        try:
            main()
            status = 0
        except SystemExit as stop:
            status = int(stop.code or 0)
        out, err = capfd.readouterr()
        return status, out, err

    return call


def one_line(err: str) -> bool:
    return err.startswith("cancer-bot: ") and err.count("\n") == 1 and "Traceback" not in err


def test_an_answer_is_printed_with_citations_source_and_notice(run: Run) -> None:
    status, out, err = run("ask", "What is palliative radiation?")
    assert (status, err) == (0, "")
    shown = " ".join(out.split())
    number = re.search(r"This is called palliative radiation\. \[(\d)\]", shown)
    assert number
    assert re.search(rf"\[{number[1]}\] Treating Advanced Cancer › Radiation therapy [^\[]* characters 6452 to 6488", shown)
    assert "treating-advanced-cancer.txt, characters 6452 to 6488" in out
    assert "last revised December 16, 2016" in " ".join(out.split())
    assert "This is not medical advice." in out


def test_json_is_one_document_as_the_contract_says(run: Run, article_text: str) -> None:
    status, out, _ = run("ask", "--json", "Is the patient awake during it?", "--previous", "How does RFA work?")
    reply = json.loads(out)
    assert (status, reply["outcome"], reply["reason"]) == (0, "answered", None)
    assert "RFA" in reply["standalone_question"]
    assert set(reply) == {
        *("question", "standalone_question", "outcome", "reason", "flags", "answerability", "answer", "sentences"),
        *("nearest", "citations", "related", "suggestions", "notice", "source", "milliseconds"),
    }
    assert reply["source"]["revised"] == "2016-12-16"
    assert all(article_text[c["start"] : c["end"]] == c["quote"] for c in reply["citations"])
    assert any("under general anesthesia" in sentence["text"] for sentence in reply["sentences"])


def test_what_is_not_in_the_article_is_said_and_its_sections_named(run: Run) -> None:
    status, out, _ = run("ask", "Who won the last football world cup?")
    assert status == 3
    assert "only answer from one article" in out
    assert "Clinical trials" in out
    assert run("ask", "--json", "Who won the last football world cup?")[0] == 3


def test_the_question_may_come_from_standard_input(run: Run) -> None:
    status, out, _ = run("ask", "-", stdin=b"What is cryoablation?\n")
    assert status == 0
    assert "freeze" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ask", ""), "Please type a question"),
        (("ask", " \t "), "Please type a question"),
        (("ask", "?!"), "Please type a question"),
        (("ask", "x" * 5000), "5000 characters"),
        (("ask", "What is \x1b[31mred\x1b[0m chemo?"), "U+001B"),
        (("ask", "caf\udce9"), "U+DCE9"),
    ],
)
def test_a_question_that_cannot_be_asked_is_bad_usage(run: Run, arguments: tuple[str, ...], said: str) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert one_line(err)
    assert said in err


def test_a_question_of_broken_bytes_is_bad_usage(run: Run) -> None:
    status, out, _ = run("ask", "-", "--json", stdin=b"caf\xe9\x00?")
    assert (status, json.loads(out)["outcome"]) == (2, "invalid")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"CANCER_BOT_INDX": "x"}, "did you mean CANCER_BOT_INDEX?"),
        ({"CANCER_BOT_ZZZ": "x"}, "CANCER_BOT_DOCS"),
        ({"CANCER_BOT_REGION": "Atlantis"}, "Atlantis"),
        ({"CANCER_BOT_DOCS": "/nowhere/at/all"}, "/nowhere/at/all does not exist"),
        ({"CANCER_BOT_EMBEDDING_MODEL": "/nowhere/model"}, "/nowhere/model does not exist"),
        ({"CANCER_BOT_CHROMA_URL": "http://127.0.0.1:1"}, "There is no Chroma server at"),
        ({"CANCER_BOT_RATE_LIMIT": "many"}, "CANCER_BOT_RATE_LIMIT"),
    ],
)
def test_a_setting_that_cannot_be_is_one_line(run: Run, settings: dict[str, str], said: str) -> None:
    status, out, err = run("ask", "What is chemo?", **settings)
    assert (status, out) == (1, "")
    assert one_line(err)
    assert said in err


def test_a_misspelt_setting_in_a_dotenv_file_is_found(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CANCER_BOT_REGON=GB\nOTHER=1\n")
    status, _, err = run("doctor")
    assert status == 1
    assert run("ask", "hello")[2].count("CANCER_BOT_REGION") == 1
    assert err == ""


def test_an_error_with_json_is_json_too(run: Run) -> None:
    status, out, err = run("ask", "--json", "x", CANCER_BOT_DOCS="/nowhere")
    assert status == 1
    assert "/nowhere" in json.loads(out)["error"]
    assert one_line(err)


def test_an_unknown_hub_model_is_never_downloaded(run: Run) -> None:
    status, _, err = run("ask", "What is chemo?", CANCER_BOT_EMBEDDING_MODEL="some-org/some-model")
    assert status == 1
    assert "some-org/some-model" in err
    assert "nothing is downloaded" in err


def test_bad_sources_leave_the_last_good_index(run: Run, docs_folder: Path, index_folder: Path) -> None:
    before = read_manifest(index_folder)
    (docs_folder / "bad.txt").write_bytes("UTF-16".encode("utf-16"))
    status, _, err = run("ingest", "--docs", str(docs_folder))
    assert status == 1
    assert one_line(err)
    assert "UTF-16" in err
    assert read_manifest(index_folder) == before


def test_ingest_says_what_it_did(run: Run, docs_folder: Path) -> None:
    article = docs_folder / "treating-advanced-cancer.txt"
    article.write_bytes(article.read_bytes() + b"\n\nAn extra sentence.")
    _, out, _ = run("ingest", "--docs", str(docs_folder))
    assert out.startswith("Rebuilt: 1 documents, 39 passages, 112 sentences, 2 texts embedded")
    facts = json.loads(run("ingest", "--docs", str(docs_folder), "--json")[1])
    assert (facts["status"], facts["documents"], facts["embedded"]) == ("up to date", 1, 0)


def test_a_sidecar_that_lags_behind_is_mentioned(run: Run, docs_folder: Path) -> None:
    path = docs_folder / "treating-advanced-cancer.txt"
    path.write_text(path.read_text().replace("\nSurgery to stop pain\n", "\n"))
    status, _, err = run("ingest", "--docs", str(docs_folder))
    assert status == 0
    assert "'Surgery to stop pain'" in err


def test_doctor_is_content_with_a_whole_installation(run: Run) -> None:
    status, out, _ = run("doctor", "--json")
    examined = json.loads(out)
    assert (status, examined["healthy"]) == (0, True)
    assert [check["name"] for check in examined["checks"]] == [
        *(
            "python",
            "packages",
            "settings",
            "embedding model",
            "sources",
            "index",
            "query encoder",
            "safety net",
            "fitted numbers",
            "check of written sentences",
            "language model",
        )
    ]


def test_doctor_says_what_to_do(run: Run, tmp_path: Path) -> None:
    status, out, _ = run("doctor", CANCER_BOT_INDEX=tmp_path / "none")
    assert status == 1
    assert "FAIL  index" in out
    assert "-> run cancer-bot ingest" in out


def test_who_is_in_danger_is_helped_where_nothing_can_be_answered(run: Run, tmp_path: Path) -> None:
    status, out, err = run("ask", "--json", "she can't breathe", CANCER_BOT_DOCS=tmp_path / "none")
    reply = json.loads(out)
    assert (status, reply["outcome"], reply["source"]) == (4, "emergency", None)
    assert "911" in reply["answer"]
    assert err.count("\n") == 1
    status, out, _ = run("ask", "--previous", "she can't breathe", "what do I do", CANCER_BOT_DOCS=tmp_path / "none")
    assert status == 4
    assert "911" in out
    assert run("ask", "What is ablation?", CANCER_BOT_DOCS=tmp_path / "none")[0] == 1


def test_help_comes_at_once() -> None:
    """Heavy imports wait for the command that needs them."""
    for command in ([], ["ask"], ["ingest"], ["doctor"]):
        begun = time.perf_counter()
        done = subprocess.run([sys.executable, "-m", "bot", *command, "--help"], capture_output=True, text=True, check=True)
        assert time.perf_counter() - begun < 1
        assert "--help" in done.stdout


def test_a_missing_index_is_built_by_the_question_and_said(tmp_path: Path) -> None:
    """In a process of its own, with warnings as errors: a new person's first question."""
    environment = {**os.environ, "CANCER_BOT_INDEX": str(tmp_path / "new")}
    command = [sys.executable, "-W", "error", "-m", "bot", "ask", "What is ablation?"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "is called ablation. [1]" in " ".join(done.stdout.split())
    assert done.stderr.strip() == "Building the index: there is none yet."


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m bot --help | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


def bound_by_permissions() -> None:
    """Take from root, in the process that is about to start, the power to pass over permissions."""
    if os.geteuid() == 0:
        library = ctypes.CDLL(None)
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH of linux/capability.h
            assert library.prctl(24, capability, 0, 0, 0) == 0  # PR_CAPBSET_DROP of linux/prctl.h


@pytest.mark.skipif(sys.platform != "linux", reason="permissions that hold for root as well need Linux")
@pytest.mark.parametrize("state", ["whole", "missing"])
def test_a_read_only_index_folder(index_folder: Path, tmp_path: Path, state: str) -> None:
    """A whole index that can't be written is read; a missing one is one clear error."""
    folder = index_folder if state == "whole" else tmp_path / "empty"
    folder.mkdir(exist_ok=True)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    command = [sys.executable, "-m", "bot", "ask", "What is ablation?"]
    environment = {**os.environ, "CANCER_BOT_INDEX": str(folder)}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=environment,
        preexec_fn=bound_by_permissions,
        check=False,
    )
    if state == "whole":
        assert done.returncode == 0, done.stderr
        assert "is called ablation" in " ".join(done.stdout.split())
    else:
        assert done.returncode == 1
        assert one_line(done.stderr.splitlines(keepends=True)[-1])
        assert "Permission denied" in done.stderr


def test_a_full_disk_is_one_line_and_leaves_the_last_good_index(index_folder: Path, docs_folder: Path) -> None:
    """The system refuses to let a file grow, as it does where no room is left."""
    before = read_manifest(index_folder)
    (docs_folder / "more.md").write_text("# More\n\nAn extra text.")
    script = (
        "import resource, sys, torch, chromadb\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "from bot.cli import main\n"
        f"sys.argv = ['cancer-bot', 'ingest', '--docs', {str(docs_folder)!r}, '--index', {str(index_folder)!r}]\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout
    assert one_line(done.stderr)
    assert read_manifest(index_folder) == before
    assert len(list(index_folder.glob("store-*"))) == 1


@pytest.fixture
def article_text() -> str:
    return (packaged_docs() / "treating-advanced-cancer.txt").read_bytes().decode()
