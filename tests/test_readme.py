"""What the README and the page on using it say is what the program does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.chain import Bot
from bot.render import plain
from bot.settings import Settings
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
USING = (ROOT / "docs" / "using.md").read_text(encoding="utf-8")


def test_the_settings_table_is_the_settings() -> None:
    rows = dict(re.findall(r"^\| `CANCER_BOT_(\w+)` \|[^|]*\| (.+) \|$", README, re.MULTILINE))
    assert rows == {name.upper(): field.description for name, field in Settings.model_fields.items()}


def test_the_transcript_is_what_is_printed(bot: Bot) -> None:
    block = re.search(r"```console\n\$ cancer-bot ask \"(.+?)\"\n(.*?)```", README, re.DOTALL)
    assert block
    # The age of the text in years grows; the rest has to be the same to the letter.
    printed, shown = (re.sub(r"is \d+ years", "is N years", text) for text in (plain(bot.ask(block[1]), width=80), block[2]))
    assert printed.strip() == shown.strip()


def test_the_citation_that_is_checked_by_hand_is_there() -> None:
    command = re.search(r"python3 -c '(.+)'", USING)
    assert command
    done = subprocess.run([sys.executable, "-c", command[1]], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.startswith("RFA is usually done while the patient is under general anesthesia")


def test_the_python_example_runs(built_index: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("CANCER_BOT_INDEX", str(built_index))
    example = re.search(r"```python\n(from bot.+?)```", USING, re.DOTALL)
    assert example
    exec(compile(example[1], "using.md", "exec"), {})  # noqa: S102 (our own page)
    assert capsys.readouterr().out.startswith("answered [")


def test_every_command_and_option_is_described() -> None:
    shown = subprocess.run([sys.executable, "-m", "bot", "--help"], capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^  (\w+)  ", shown.partition("Commands:")[2], re.MULTILINE)
    assert commands
    for command in commands:
        assert f"`cancer-bot {command}" in USING
        options = subprocess.run([sys.executable, "-m", "bot", command, "--help"], capture_output=True, text=True, check=True)
        assert all(option in USING for option in re.findall(r"^  (--\w+)", options.stdout, re.MULTILINE) if option != "--help")


def test_the_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"(?:^|`)make ([a-z]+)\b", README + USING, re.MULTILINE)
    assert {"ask", "chat", "test"} <= set(targets)
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_the_rights_of_the_article_are_stated() -> None:
    for name in ("README.md", "LICENSE"):
        said = " ".join((ROOT / name).read_text(encoding="utf-8").split())
        assert "The American Cancer Society has neither made" in said or "The Society has neither made" in said
        assert "does not endorse it" in said
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
