"""How good the check of written sentences is, on pairs that it was not fitted on and beside two simpler ways."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rapidfuzz import fuzz, process

from bot.faithful.check import Checker
from bot.faithful.evaluation import OVERLAP, RULES, THIS, Way, board, default_pairs, evaluate, main, ways
from bot.faithful.judge import FITTED, Judge, check_files
from bot.faithful.labelled import SHIPPED, LabelledPair, read_pair_set
from ingest.errors import ModelError, SourceError
from ingest.weights import find_weights


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge.from_folder(FITTED, find_weights().location)


def write(path: Path, *lines: object) -> Path:
    path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines), encoding="utf-8")
    return path


def test_every_gate_of_the_test_pairs_holds(judge: Judge) -> None:
    """What is false has to fall; of what is faithful it keeps far too little. It is far ahead of the simpler ways."""
    done = evaluate(default_pairs(), ways(judge))
    assert [verdict.gate.measure for verdict in done.verdicts] == ["false_dropped", "faithful_kept"]
    assert done.holds, board(done)
    assert len(done.pairs.pairs) == done.pairs.of == 420
    scores = {way: done.scores[way]["all"]["balanced_accuracy"].value or 0.0 for way in (THIS, RULES, OVERLAP)}
    assert scores[THIS] > max(scores[RULES], scores[OVERLAP]) > 0
    shown = board(done)
    assert all(kind in shown for kind in done.pairs.kinds)
    assert shown.splitlines()[-1].startswith("holds  all, faithful_kept")


def test_the_figures_are_the_checks_own_verdicts(judge: Judge) -> None:
    pairs = read_pair_set(default_pairs()).pairs[:60]
    own = [verdict.holds for verdict in Checker.from_judge(judge).verdicts([(pair.cited, pair.written) for pair in pairs])]
    this = ways(judge)[0]
    assert own == [score >= this.threshold for score in this.scores(pairs)]


@pytest.mark.parametrize("broken", ["judge.json", "judge.safetensors"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"nonsense"])
def test_a_damaged_judge_is_one_error(tmp_path: Path, broken: str, content: bytes | None) -> None:
    """Missing, empty, without a threshold, or another file: whether it is only looked at or loaded."""
    shutil.copytree(FITTED, tmp_path / "fitted")
    check_files(tmp_path / "fitted")
    (tmp_path / "fitted" / broken).unlink()
    if content is not None:
        (tmp_path / "fitted" / broken).write_bytes(content)
    with pytest.raises(ModelError, match=r"run python -m bot\.faithful\.fitting"):
        check_files(tmp_path / "fitted")
    with pytest.raises(ModelError, match=r"run python -m bot\.faithful\.fitting"):
        Judge.from_folder(tmp_path / "fitted", find_weights().location)


def test_no_pair_of_the_test_was_trained_on() -> None:
    trained = [pair.written.lower() for pair in read_pair_set(SHIPPED).pairs]
    tested = [pair.written.lower() for pair in read_pair_set(default_pairs()).pairs]
    assert not set(trained) & set(tested)
    assert not process.cdist(tested, trained, scorer=fuzz.ratio, score_cutoff=95, workers=2).any()


def test_shares_are_counted_on_their_own_side() -> None:
    """Four faithful of which three pass, four false of which two fall."""
    pairs = [LabelledPair(cited="x", written=str(score), holds=score > 4, kind="k") for score in (1, 2, 3, 4, 5, 6, 7, 8)]
    passing = {1, 2, 5, 6, 7}
    way = Way("w", lambda given: [float(int(pair.written) in passing) for pair in given], 1.0)
    figures = way.measured(pairs)["all"]
    assert (figures["false_dropped"].value, figures["faithful_kept"].value, figures["balanced_accuracy"].value) == (
        0.5,
        0.75,
        0.625,
    )
    assert figures["auroc"].value == (2 * 0.5 * 3 + 2 * 3 + 2 * 0.5 * 1) / 16
    balanced = figures["balanced_accuracy"]
    assert balanced.low is not None
    assert balanced.high is not None
    assert balanced.low < 0.625 < balanced.high


def test_the_overlaps_threshold_is_the_best_on_the_held_pairs(judge: Judge) -> None:
    held = [pair for pair in read_pair_set(SHIPPED).pairs if pair.held]
    overlap = ways(judge)[2]
    best = overlap.measured(held)["all"]["balanced_accuracy"].value
    others = (
        replace(overlap, threshold=threshold).measured(held)["all"]["balanced_accuracy"].value for threshold in (0.3, 0.6, 0.9)
    )
    assert best is not None
    assert all(best >= (other or 0) for other in others)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            [
                {"id": "w", "premise": "p", "claim": "c", "supported": True, "label": "supported"},
                {"id": "w", "premise": "p", "claim": "d", "supported": False, "label": "not_supported"},
            ],
            [("p", "c", True, "supported"), ("p", "d", False, "not_supported")],
        ),
        (
            [{"knowledge": "k", "question": "q?", "supported_answer": "a", "unsupported_answer": "b"}],
            [("k", "q? a", True, "right"), ("k", "q? b", False, "made up")],
        ),
        (
            [
                {"contexts": ["a\n b", "c"], "response": "r", "faithfulness_median": 4},
                {"contexts": ["a"], "response": "s", "faithfulness_median": 3},
                {"contexts": [], "response": "s", "faithfulness_median": 1},
                {"contexts": ["a"], "response": "t", "faithfulness_median": 1.5},
            ],
            [("a b c", "r", True, "median 4"), ("a", "t", False, "median 1.5")],
        ),
    ],
    ids=["WiCE", "HaluEval", "MTRAG"],
)
def test_public_forms_are_read_where_they_lie(
    tmp_path: Path, lines: Sequence[object], expected: list[tuple[str, str, bool, str]]
) -> None:
    read = read_pair_set(write(tmp_path / "pairs.jsonl", *lines))
    assert [(pair.cited, pair.written, pair.holds, pair.kind) for pair in read.pairs] == expected


def test_of_a_large_public_file_the_same_sample_is_drawn_each_time(tmp_path: Path) -> None:
    rows = [{"premise": "p", "claim": str(n), "supported": n % 2 == 0, "label": "x"} for n in range(900)]
    path = write(tmp_path / "many.jsonl", *rows)
    first, second = read_pair_set(path), read_pair_set(path)
    assert first == second
    assert (len(first.pairs), first.of) == (500, 900)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((), "holds no pair"),
        (("{",), "line 1: is not JSON"),
        (({"text": "x"},), "line 1: is of no known form"),
        (
            ({"cited": "c", "written": "w", "holds": True}, {"cited": "c", "holds": False}),
            "line 2: the field 'written' is missing",
        ),
        (({"cited": "c", "written": "w", "holds": "yes"},), "'holds' is 'yes'"),
        (({"cited": "c", "written": "w", "holds": True},), "needs pairs that hold and pairs that do not"),
    ],
)
def test_what_can_not_be_read_is_one_clear_line(
    tmp_path: Path, lines: Sequence[object], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "bad.jsonl", *lines)
    with pytest.raises(SourceError) as raised:
        read_pair_set(path)
    assert said in str(raised.value)
    with pytest.raises(SystemExit) as ended:
        main([str(path)])
    assert ended.value.code == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_gate_that_does_not_hold_is_exit_status_5(
    tmp_path: Path, judge: Judge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Judge, "from_folder", lambda *_: judge)
    cited = "Surgery may help in some cases."
    pairs = ({"cited": cited, "written": cited, "holds": True}, {"cited": cited, "written": "Go home.", "holds": False})
    path = write(tmp_path / "small.jsonl", *pairs)
    assert main([str(path)]) == 0
    gate = '[[gate]]\nslice = "all"\nmeasure = "false_dropped"\nmaximum = 0.1\n'
    (tmp_path / "small.gates.toml").write_text(gate, encoding="utf-8")
    assert main([str(path)]) == 5
    assert capsys.readouterr().out.splitlines()[-1].startswith("FAILS  all, false_dropped: 1")
