"""`cancer-bot evaluate` as a person meets it."""

import json
from pathlib import Path

from tests.test_cli import Run, one_line, run  # noqa: F401 (a fixture)
from tests.test_evaluation import GATES, SET, write_set


def test_the_scoreboard_is_printed_and_written(run: Run, tmp_path: Path) -> None:  # noqa: F811
    """Exit status 0 while every gate holds; nothing but the scoreboard on stdout."""
    path = write_set(tmp_path, *SET, gates=GATES)
    status, out, err = run("evaluate", str(path), "--json", str(tmp_path / "out.json"), "--report", str(tmp_path / "report"))
    assert (status, err) == (0, "")
    assert out.startswith("small.jsonl: 10 questions")
    assert out.splitlines()[-1].startswith("holds  all, reading_grade_own")
    assert len(json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["results"]) == 10
    assert (tmp_path / "report" / "index.html").is_file()


def test_a_gate_that_does_not_hold_is_exit_status_5(run: Run, tmp_path: Path) -> None:  # noqa: F811
    gates = '[[gate]]\nslice = "all"\nmeasure = "correct"\nminimum = 0.99\n'
    status, out, _ = run("evaluate", str(write_set(tmp_path, *SET, gates=gates)))
    assert status == 5
    assert out.splitlines()[-1].startswith("FAILS  all, correct")


def test_a_malformed_line_is_one_line_on_stderr_before_anything_runs(run: Run, tmp_path: Path) -> None:  # noqa: F811
    status, out, err = run("evaluate", str(write_set(tmp_path, SET[0], "{")))
    assert (status, out) == (1, "")
    assert one_line(err)
    assert "line 2" in err
