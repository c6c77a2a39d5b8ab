"""The test split, asked in full: what it has to reach stands in `tests/questions/test.gates.toml`."""

import pytest

from bot.chain import Bot
from bot.evaluation import Evaluation, evaluate, read_plan
from tests.conftest import ROOT


@pytest.mark.parametrize("name", ["fresh.jsonl", "follow-test.jsonl", "safety-test.jsonl"])
def test_every_gate_of_the_other_sets_holds(bot: Bot, name: str) -> None:
    done = evaluate(bot, read_plan(ROOT / "tests/questions" / name, None), progress=lambda *_: None)
    assert done.verdicts
    assert done.holds, [verdict for verdict in done.verdicts if not verdict.holds]


@pytest.fixture(scope="module")
def evaluated(bot: Bot) -> Evaluation:
    return evaluate(bot, read_plan(None, None), progress=lambda *_: None)


def test_every_gate_of_the_test_split_holds(evaluated: Evaluation) -> None:
    assert evaluated.verdicts
    assert evaluated.holds, [verdict for verdict in evaluated.verdicts if not verdict.holds]


def test_the_program_beats_every_baseline(evaluated: Evaluation) -> None:
    ours = evaluated.scores["all"]["correct"].value
    others = {name: scores["all"]["correct"].value for name, scores in evaluated.other_scores.items()}
    assert len(others) == 4
    assert ours is not None
    assert all(theirs is not None and theirs < ours for theirs in others.values()), others
