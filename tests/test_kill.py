"""Killed at any moment, or run beside others, an ingest leaves the old index or the new one, whole."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.opening import weights_for
from bot.settings import Settings
from ingest.documents import read_documents
from ingest.index import Index, ingest
from ingest.manifest import read_manifest
from ingest.passages import Passage, cut
from tests.conftest import ARTICLE

KILLS = 24


@pytest.fixture
def killer(docs_folder: Path, index_folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.killed_ingest", str(docs_folder), str(index_folder)]
    root = str(Path(__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": root, "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process
        assert process.stdin
        process.stdin.close()


def sentences(folder: Path, docs: Path) -> set[str]:
    """What the live index holds, read as any reader reads it: every file against its hash, every slice against its text."""
    manifest = read_manifest(folder)
    assert manifest
    with Index(read_documents(docs), manifest, folder) as index:
        assert len(index.search([0.1] * 384, k=200)) == manifest.passages + manifest.sentences
        return {s.text for passage in index.passages[ARTICLE] for s in passage.sentences}


def new_text(docs: Path, number: int) -> str:
    """Change many sentences, so that the ingest has work to be killed in."""
    added = f"This is change number {number}."
    path = docs / ARTICLE
    original = path.read_bytes().decode().split(" This is change number")[0]
    path.write_bytes((original + f" {added}").encode())
    return added


def test_a_kill_at_any_moment_leaves_the_old_index_or_the_new_one(
    killer: subprocess.Popen[str], docs_folder: Path, index_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert killer.stdin
    assert killer.stdout
    seed = random.Random(7)  # noqa: S311 (moments, not secrets)
    before = sentences(index_folder, docs_folder)
    kills = switched = 0
    for number in range(KILLS):
        new_text(docs_folder, number)
        after = {s.text for passage in cut_article(docs_folder) for s in passage.sentences}
        killer.stdin.write(f"{seed.uniform(0.02, 1.02)}\n")
        killer.stdin.flush()
        kills += killer.stdout.readline() == "killed\n"
        now = sentences(index_folder, docs_folder)
        assert now in (before, after)
        switched += now == after
        before = now
    ingest(docs_folder, index_folder, weights_for(Settings()))
    assert sentences(index_folder, docs_folder) == after
    assert [path.name for path in index_folder.glob("store-*")] == [read_store(index_folder)]
    with capsys.disabled():
        sys.stdout.write(f" {KILLS} tries: {kills} killed, {switched} left the new index, {KILLS - switched} the old one ")
    assert kills > KILLS / 2
    assert switched < KILLS


def cut_article(docs: Path) -> tuple[Passage, ...]:
    return cut(next(document for document in read_documents(docs) if document.name == ARTICLE))


def read_store(folder: Path) -> str:
    manifest = read_manifest(folder)
    assert manifest
    return manifest.store


def test_two_ingests_and_a_reader_at_once(docs_folder: Path, index_folder: Path) -> None:
    """One writer at a time; the second finds the work done; a question meanwhile gets a whole index."""
    new_text(docs_folder, 1)
    environment = {**os.environ, "CANCER_BOT_DOCS": str(docs_folder), "CANCER_BOT_INDEX": str(index_folder)}
    bot = [sys.executable, "-m", "bot"]
    commands = [[*bot, "ingest", "--json"], [*bot, "ingest", "--json"], [*bot, "ask", "What is ablation?"]]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        for command in commands
    ]
    results = [(*process.communicate(timeout=120), process.returncode) for process in running]
    assert [status for _, _, status in results] == [0, 0, 0], results
    assert sorted('"rebuilt"' in out for out, _, _ in results[:2])[0] is False
    assert "is called ablation" in " ".join(results[2][0].split())
