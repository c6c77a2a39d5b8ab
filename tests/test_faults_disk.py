"""No room on the disk and no permission, at each stage: the old answer or one clear line, and nothing to repair by hand."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.leaflet import (
    ANSWER,
    CHANGED,
    COMPILED,
    NEW_ANSWER,
    NEW_QUESTION,
    TEXT,
    Place,
    assert_answers,
    assert_one_line,
    assert_right_or_one_line,
    leftovers,
    tell,
)

KIB = 1024
# The index of the leaflet takes about 376 KiB; what is left free decides where a build stops: at the first folder, in the
# middle of the database, before its vectors or at the manifest.
FREE = (0, 4, 40, 100, 180, 300, 370, 380, 500, 2000)


@contextlib.contextmanager
def small_disk(folder: Path, kibibytes: int) -> Iterator[Path]:
    """A real file system of that size. Skips where none may be mounted; the limit on the size of files is tested all the same."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", str(folder)], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"a small file system can't be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def leave_free(disk: Path, kibibytes: int) -> None:
    """Fill the file system up to that much."""
    ballast = disk / "ballast"
    ballast.unlink(missing_ok=True)
    status = os.statvfs(disk)
    ballast.write_bytes(b"\0" * max(0, status.f_bavail * status.f_frsize - kibibytes * KIB))


def test_the_disk_of_the_index_is_full(leaflet: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A build that finds no room leaves the old index, and the next one after room was made needs no hand."""
    built = 0
    with small_disk(tmp_path / "disk", 8192) as disk:
        for free in FREE:
            place = Place(leaflet.prepared, leaflet.docs, disk / "index")
            shutil.copytree(leaflet.index, place.index, ignore=shutil.ignore_patterns(*COMPILED))
            leave_free(disk, free)
            place.change()
            # The new source can't be had, so there is no answer that could be right; the old one is served as before.
            done = place.prepared.run(place.command("ingest"), place.asking())
            built += done[0].status == 0
            if done[0].status:
                for run in done:
                    assert_one_line(run, str(place.index))
                place.source.write_text(TEXT, encoding="utf-8")
                assert_answers(place.ask(), ANSWER, TEXT)
                place.assert_whole()
                place.change()
            (disk / "ballast").unlink()
            assert_answers(place.ask(NEW_QUESTION), NEW_ANSWER, CHANGED)
            place.assert_whole()
            assert len(list(place.index.glob("store-*"))) == 1
            place.source.write_text(TEXT, encoding="utf-8")
            shutil.rmtree(place.index)
    tell(capsys, f"{len(FREE)} tries: {built} had room")
    assert 0 < built < len(FREE)


def test_the_disk_is_full_from_the_start(built_leaflet: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No index yet and no room for one: one line; then it is built by the next question."""
    sizes = (4, 100, 300)
    for size in sizes:
        with small_disk(tmp_path / f"disk{size}", 8192) as disk:
            place = Place(built_leaflet.prepared, built_leaflet.docs, disk / "index")
            leave_free(disk, size)
            assert_one_line(place.ask(), str(place.index))
            (disk / "ballast").unlink()
            assert_answers(place.ask(), ANSWER, TEXT)
    tell(capsys, f"{len(sizes)} tries")


def test_the_folder_for_temporary_files_is_full(leaflet: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A reader that can't have its copy says so; nothing of it is left, and the index is as it was."""
    answered = 0
    with small_disk(tmp_path / "disk", 8192) as disk:
        here = {"TMPDIR": str(disk)}
        for free in FREE:
            leave_free(disk, free)
            done = leaflet.ask(**here)
            answered += assert_right_or_one_line(done, ANSWER, TEXT, about=[str(disk)])
            leaflet.change()
            # SQLite writes there while it builds, so a build may need room, too.
            assert_right_or_one_line(leaflet.ask(NEW_QUESTION, **here), NEW_ANSWER, CHANGED, about=[str(disk)])
            leaflet.source.write_text(TEXT, encoding="utf-8")
            assert leftovers(disk) == []
            (disk / "ballast").unlink()
            assert_answers(leaflet.ask(**here), ANSWER, TEXT)
    tell(capsys, f"{len(FREE)} tries: {answered} had room")
    assert 0 < answered < len(FREE)


def test_no_file_may_grow(leaflet: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Writes that fail in the middle of a file, on any file system: each build ends in one line, each question is answered."""
    sizes = [size * KIB for size in (1, 4, 16, 64, 128, 160, 190)]
    for size in sizes:
        leaflet.change()
        assert_one_line(leaflet.prepared.run(leaflet.command("ingest", file_bytes=size))[0], str(leaflet.index))
        leaflet.source.write_text(TEXT, encoding="utf-8")
        assert_answers(leaflet.ask(), ANSWER, TEXT)
        assert_one_line(leaflet.prepared.run(leaflet.command("ask", "What helps?", "--json", file_bytes=min(size, 190 * KIB)))[0])
    leaflet.change()
    assert_answers(leaflet.ask(NEW_QUESTION), NEW_ANSWER, CHANGED)
    leaflet.assert_whole()
    tell(capsys, f"{2 * len(sizes)} tries")


@pytest.fixture
def locked(leaflet: Place) -> Iterator[Place]:
    """Whatever a test takes away here is given back, so that it can be cleared."""
    if not leaflet.prepared.obeys_permissions:
        pytest.skip("permissions do not hold for root, and there is no setpriv to be anybody else")
    yield leaflet
    set_modes(leaflet.index, folders=0o755, files=0o644)


def set_modes(folder: Path, *, folders: int, files: int) -> None:
    """Top down where they open, bottom up where they close."""
    folder.chmod(0o755)
    for path in sorted(folder.rglob("*"), reverse=folders < 0o700):
        path.chmod(folders if path.is_dir() else files)
    folder.chmod(folders)


def test_an_index_that_may_only_be_read_is_read(locked: Place) -> None:
    """Questions are answered and an ingest finds nothing to do; what would have to be written is one line."""
    set_modes(locked.index, folders=0o555, files=0o444)
    done = locked.ask()
    assert_answers(done, ANSWER, TEXT)
    assert done.err == ""
    assert locked.ingest().status == 0
    locked.change()
    for done in locked.prepared.run(locked.command("ingest"), locked.asking()):
        assert_one_line(done, str(locked.index), "ermission")
    set_modes(locked.index, folders=0o755, files=0o644)
    assert_answers(locked.ask(NEW_QUESTION), NEW_ANSWER, CHANGED)
    assert len(list(locked.index.glob("store-*"))) == 1


def test_files_that_may_not_be_read_are_one_line_each(locked: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Every file and folder of the index, the source and its folder: the line names it, and then it works again."""
    paths = [locked.index, *locked.index.rglob("*"), locked.source, locked.docs]
    for path in paths:
        mode = path.stat().st_mode
        path.chmod(0)
        done = locked.ask()
        assert_right_or_one_line(done, ANSWER, TEXT, about=[str(path)])
        path.chmod(mode)
        done = locked.ask()
        assert_answers(done, ANSWER, TEXT)
        assert done.err == ""
    tell(capsys, f"{len(paths)} tries")


def test_a_folder_for_temporary_files_that_is_closed_or_gone(locked: Place, tmp_path: Path) -> None:
    """One line that names it; then it works again."""
    temporary = tmp_path / "temporary"
    temporary.mkdir(mode=0o555)
    for mode in (0o555, 0o000):
        temporary.chmod(mode)
        assert_right_or_one_line(locked.ask(TMPDIR=str(temporary)), ANSWER, TEXT)
    temporary.chmod(0o755)
    temporary.rmdir()
    assert_right_or_one_line(locked.ask(TMPDIR=str(temporary)), ANSWER, TEXT)
    temporary.mkdir()
    assert_answers(locked.ask(TMPDIR=str(temporary)), ANSWER, TEXT)
    assert leftovers(temporary) == []
