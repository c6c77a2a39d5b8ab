"""Killed at any moment, or run beside others, an ingest leaves the old index or the new one, whole."""

import json
import random
import time
from pathlib import Path

import pytest

from ingest.manifest import read_manifest
from tests.leaflet import ANSWER, TEXT, Place, assert_answers, leftovers, tell

KILLS = 50
# Every so many kills the command itself is asked, too.
ASKED = 10


def set_text(leaflet: Place, number: int) -> str:
    """Another source; returns its text."""
    text = f"{TEXT}\nThis is change number {number}.\n"
    leaflet.source.write_text(text, encoding="utf-8")
    return text


def test_a_kill_at_any_moment_leaves_the_old_index_or_the_new_one(
    leaflet: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whole, and nothing is left lying in the folder for temporary files or beside the live store."""
    seed = random.Random(7)  # noqa: S311 (moments, not secrets)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    here = {"TMPDIR": str(temporary)}
    leaflet.ingest("--force", **here)
    begun = time.perf_counter()
    leaflet.ingest("--force", **here)
    span = time.perf_counter() - begun
    before, kills, switched = TEXT, 0, 0
    for number in range(KILLS):
        after = set_text(leaflet, number)
        moment = seed.uniform(0.0, 1.02) * span
        run = leaflet.command("ingest", "--force", environment=here, kill_after=moment)
        killed = leaflet.prepared.run(run)[0].status == -9
        kills += killed
        # Where the machine got faster meanwhile, the moments move along.
        span *= 1.0 if killed else 0.8
        live = live_text(leaflet, before, after)
        switched += live == after
        before = live
        if number % ASKED == 0:
            # A plain question now finds the index, or builds the one that is missing; nobody has to repair anything.
            assert_answers(leaflet.ask(**here), ANSWER, after)
            before = after
    assert_answers(leaflet.ask(**here), ANSWER, after)
    manifest = read_manifest(leaflet.index)
    assert manifest
    assert [path.name for path in leaflet.index.glob("store-*")] == [manifest.store]
    assert leftovers(temporary) == []
    tell(capsys, f"{KILLS} tries: {kills} killed, {switched} left the new index, {KILLS - switched} the old one")
    assert kills > KILLS / 2
    assert switched < KILLS


def live_text(leaflet: Place, *texts: str) -> str:
    """Which of the texts the live index was made from; it is whole for that text."""
    manifest, now = read_manifest(leaflet.index), leaflet.source.read_text(encoding="utf-8")
    assert manifest
    for text in texts:
        leaflet.source.write_text(text, encoding="utf-8")
        if manifest.sources == leaflet.fingerprints():
            leaflet.assert_whole()
            leaflet.source.write_text(now, encoding="utf-8")
            return text
    raise AssertionError("the index is of neither text")


@pytest.mark.parametrize(("writers", "rounds"), [(2, 5), (8, 3)])
def test_ingests_at_once_do_the_work_once(leaflet: Place, writers: int, rounds: int, capsys: pytest.CaptureFixture[str]) -> None:
    """One writer at a time; the others find the work done; questions meanwhile get a right answer."""
    for number in range(rounds):
        text = set_text(leaflet, number)
        done = leaflet.prepared.run(*[leaflet.command("ingest", "--json")] * writers, *[leaflet.asking()] * 2)
        assert [run.status for run in done] == [0] * (writers + 2), done
        rebuilt = [json.loads(run.out)["status"] for run in done[:writers]].count("rebuilt")
        # A question may have been first; then no ingest had anything to do.
        assert rebuilt <= 1
        for run in done[writers:]:
            assert_answers(run, ANSWER, text)
        leaflet.assert_whole()
    tell(capsys, f"{rounds} tries of {writers} ingests and 2 questions")


def test_questions_while_others_write_are_answered_and_build_nothing(leaflet: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Two writers take the live store away again and again under sixteen readers."""
    rounds, readers = 2, 8
    for _ in range(rounds):
        writing = [leaflet.command("ingest", "--force")] * 2
        asking = [leaflet.command("ask", "Do copper bands relieve joint pain?", "--json", after=0.15 * n) for n in range(readers)]
        done = leaflet.prepared.run(*writing, *asking)
        assert [run.status for run in done[:2]] == [0, 0], done
        for run in done[2:]:
            assert_answers(run, ANSWER, TEXT)
            assert "Building" not in run.err
    tell(capsys, f"{rounds * readers} questions beside {rounds * 2} ingests")
