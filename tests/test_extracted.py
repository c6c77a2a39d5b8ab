"""The text taken out of a source is kept with the index, checked when it is read, and made anew where it was damaged."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ingest import html
from ingest.documents import Document, read_documents
from ingest.extracted import FOLDER, Extracted, Layout, Part, forget_others
from tests.conftest import ROOT

PAGE = b"<h1>Title</h1><p id=a>One. Two.</p>"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "page.html").write_bytes(PAGE)
    return folder


def test_text_is_taken_out_once(docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is named after the source's hash, and is the text itself."""
    first = read_documents(docs, texts=tmp_path / "texts")[0]
    assert (tmp_path / "texts" / f"{first.key}.txt").read_bytes().decode() == first.text == "Title\n\nOne. Two."
    monkeypatch.delattr(html, "extract")
    assert read_documents(docs, texts=tmp_path / "texts") == (first,)


@pytest.mark.parametrize("ending", ["txt", "json"])
@pytest.mark.parametrize("damage", [b"", b"\xff", None, "flip"])
def test_a_damaged_text_is_made_anew(docs: Path, tmp_path: Path, ending: str, damage: bytes | str | None) -> None:
    """Missing, empty, no UTF-8, or with one number or letter changed."""
    first = read_documents(docs, texts=tmp_path / "texts")[0]
    file = tmp_path / "texts" / f"{first.key}.{ending}"
    good = file.read_bytes()
    if damage is None:
        file.unlink()
    else:
        file.write_bytes(
            damage if isinstance(damage, bytes) else good.replace(b"Two", b"Ten").replace(b'"start":7', b'"start":8')
        )
    assert read_documents(docs, texts=tmp_path / "texts") == (first,)
    assert file.read_bytes() == good


def test_a_folder_that_cant_be_written_is_done_without(docs: Path, tmp_path: Path) -> None:
    (tmp_path / "texts").write_text("in the way")
    assert read_documents(docs, texts=tmp_path / "texts")[0].text == "Title\n\nOne. Two."


def test_another_text_is_another_fingerprint(docs: Path) -> None:
    """So that the index is built anew when a new version reads the same file in another way."""
    document = read_documents(docs)[0]
    assert document.extracted is not None
    otherwise = Extracted(text=document.text, layout=Layout(parts=(Part(start=0, end=len(document.text)),)))
    read_anew = Document(document.name, document.text, document.sha256, document.sidecar, otherwise)
    assert document.fingerprint != read_anew.fingerprint


def test_texts_of_sources_that_are_gone_go_too(tmp_path: Path) -> None:
    for name in ("kept.txt", "kept.json", "gone.txt", "gone.json"):
        (tmp_path / name).write_text("x")
    forget_others(tmp_path, ["kept"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.json", "kept.txt"]


def test_anybody_can_look_a_slice_up(docs: Path, tmp_path: Path) -> None:
    """What `cancer-bot text` prints letter for letter is what the index keeps."""
    index = tmp_path / "index"
    environment = {**os.environ, "CANCER_BOT_DOCS": str(docs), "CANCER_BOT_INDEX": str(index), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "bot", "text"]
    done = subprocess.run([*command, "page.html"], capture_output=True, env=environment, check=True)
    kept = next((index / FOLDER).glob("*.txt"))
    assert done.stdout == kept.read_bytes() == b"Title\n\nOne. Two."
    layout = json.loads(kept.with_suffix(".json").read_text())["layout"]
    assert layout["anchors"] == [[7, "a"]]
    refused = subprocess.run([*command, "x.html"], capture_output=True, env=environment, check=False, text=True)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "page.html" in refused.stderr
    shutil.rmtree(docs)
    refused = subprocess.run([*command, "x.html"], capture_output=True, env=environment, check=False, text=True)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
