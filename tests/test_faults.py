"""A damaged index: every file cut short, altered or gone, made by another version, under a clock that lies."""

import json
import os
import random
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import pytest

from bot.opening import weights_for
from bot.settings import Settings, packaged_docs
from ingest.documents import read_documents
from ingest.index import stale_because
from tests.leaflet import ANSWER, CHANGED, NEW_ANSWER, NEW_QUESTION, TEXT, Place, apart, assert_answers, assert_one_line, tell

# Runs at once; more only wait for each other on two cores.
TOGETHER = 4
FLIPS = 5
SEED = 11


def flip(number: int) -> Callable[[Path], None]:
    """Alters one bit, somewhere in the file; an empty file gets a byte instead."""

    def flipped(path: Path) -> None:
        data = bytearray(path.read_bytes() or b"\0")
        seed = random.Random(f"{SEED} {path.name} {number}")  # noqa: S311 (places, not secrets)
        data[seed.randrange(len(data))] ^= 1 << seed.randrange(8)
        path.write_bytes(data)

    return flipped


def cut_to(share: float) -> Callable[[Path], None]:
    """Cuts the file; an empty file grows by a byte instead."""

    def cut(path: Path) -> None:
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)] if data else b"\0")

    return cut


def overwrite(path: Path) -> None:
    path.write_bytes(random.Random(SEED).randbytes(4096))  # noqa: S311 (rubbish, not secrets)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "deleted": Path.unlink,
    "emptied": cut_to(0.0),
    "cut in half": cut_to(0.5),
    "cut by little": cut_to(0.99),
    "overwritten": overwrite,
    **{f"bit {number} flipped": flip(number) for number in range(FLIPS)},
}


# The second compiled encoder is mended by what mends the first.
FEW_OF = {"hearing": ("deleted", "cut in half", "bit 0 flipped")}


def assert_mended(places: Iterable[Place]) -> int:
    """The next plain question has the right answer, and the one after that finds a whole index and builds nothing.

    Each place is taken only when its turn comes, and removed after it: a compiled encoder made anew has 90 MB. Returns how many.
    """

    def assert_nothing_to_build(place: Place) -> None:
        place.assert_whole()
        assert stale_because(place.index, read_documents(place.docs), weights_for(Settings(docs=place.docs))) is None
        shutil.rmtree(place.docs)
        shutil.rmtree(place.index)

    # Some are looked at while the next are asked.
    with ThreadPoolExecutor(max_workers=1) as pool:
        looks = []
        coming = iter(places)
        while few := list(islice(coming, TOGETHER)):
            for done in few[0].prepared.run(*[place.asking() for place in few]):
                assert_answers(done, ANSWER, TEXT)
            looks += [pool.submit(assert_nothing_to_build, place) for place in few]
        for look in looks:
            look.result()
    return len(looks)


def test_each_file_damaged_in_each_way(built_leaflet: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files of the store, the manifest and the lock: the answer is right each time, after a new build where it takes one."""
    files = sorted(path.relative_to(built_leaflet.index) for path in built_leaflet.index.rglob("*") if path.is_file())
    assert len(files) > 5

    def damaged() -> Iterator[Place]:
        for name in files:
            for damage in FEW_OF.get(name.parts[0].partition("-")[0], DAMAGES):
                place = built_leaflet.copy(tmp_path / f"{name.name} {damage}")
                DAMAGES[damage](apart(place.index / name))
                yield place

    tell(capsys, f"{assert_mended(damaged())} tries: {len(files)} files in up to {len(DAMAGES)} ways")


def test_folders_gone_or_mixed_up(built_leaflet: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The store gone, emptied, beside others; the manifest of another index; everything gone but the lock."""

    def store(place: Place) -> Path:
        return next(place.index.glob("store-*"))

    def empty(folder: Path) -> None:
        shutil.rmtree(folder)
        folder.mkdir()

    def of_another(place: Place) -> None:
        other = built_leaflet.copy(tmp_path / "another")
        other.ingest("--force")
        shutil.copy(other.index / "manifest.json", place.index / "manifest.json")

    cases: list[Callable[[Place], object]] = [
        lambda place: shutil.rmtree(store(place)),
        lambda place: empty(store(place)),
        lambda place: shutil.copytree(store(place), place.index / f"store-{'0' * 32}"),
        lambda place: shutil.rmtree(place.index),
        lambda place: empty(place.index),
        lambda place: (place.index / "manifest.json.new").write_text("{"),
        of_another,
    ]

    def damaged() -> Iterator[Place]:
        for number, do in enumerate(cases):
            place = built_leaflet.copy(tmp_path / str(number))
            do(place)
            yield place

    tell(capsys, f"{assert_mended(damaged())} tries")


@pytest.mark.parametrize("way", ["older", "newer", "unknown fields", "missing fields", "no object"])
def test_made_by_another_version(leaflet: Place, way: str) -> None:
    """Built anew by itself, whichever of the two is the older."""
    path = leaflet.index / "manifest.json"
    manifest = json.loads(path.read_text())
    changed = {
        "older": {**manifest, "schema_version": 0},
        "newer": {**manifest, "cutter_version": 10**6, "schema_version": 10**6},
        "unknown fields": {**manifest, "encoders": []},
        "missing fields": {"schema_version": manifest["schema_version"]},
        "no object": [],
    }
    path.write_text(json.dumps(changed[way]))
    done = leaflet.ask()
    assert_answers(done, ANSWER, TEXT)
    assert "Building the index: " in done.err
    assert_mended([leaflet])


@pytest.mark.parametrize("years", [-40, -1, 1, 60])
def test_a_clock_that_lies(leaflet: Place, years: int) -> None:
    """No time of a file decides anything: nothing is built without need, and a change is seen though its file looks old."""
    moment = 1_700_000_000 + years * 31_557_600

    def set_times(folder: Path) -> None:
        for path in [folder, *folder.rglob("*")]:
            os.utime(path, (moment, moment))

    set_times(leaflet.docs)
    set_times(leaflet.index)
    done = leaflet.ask()
    assert_answers(done, ANSWER, TEXT)
    assert done.err == ""
    leaflet.change()
    set_times(leaflet.docs)
    assert_answers(leaflet.ask(NEW_QUESTION), NEW_ANSWER, CHANGED)


def test_tuned_weights_with_another_time_are_the_same_weights(built_index: Path, tmp_path: Path) -> None:
    docs = Path(shutil.copytree(packaged_docs(), tmp_path / "docs"))
    for moment in (0, 1_000_000_000, 4_000_000_000):
        for path in docs.rglob("*"):
            os.utime(path, (moment, moment))
        assert stale_because(built_index, read_documents(docs), weights_for(Settings(docs=docs))) is None


def test_an_unusable_source_is_one_line_and_the_mended_one_works(leaflet: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Emptied, no text, or gone: one line that names it; then the old text again, and the old index serves it as it is."""
    for data in (b"", b"\xff\xfe\x00", b"\x00" * 100, None):
        leaflet.source.unlink()
        if data is not None:
            leaflet.source.write_bytes(data)
        for done in leaflet.prepared.run(leaflet.asking(), leaflet.command("ingest")):
            assert_one_line(done, str(leaflet.docs))
        leaflet.source.write_text(TEXT, encoding="utf-8")
        done = leaflet.ask()
        assert_answers(done, ANSWER, TEXT)
        assert done.err == ""
    tell(capsys, "4 tries")
