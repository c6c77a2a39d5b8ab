"""The test split, asked in full: what it has to reach stands in `tests/questions/test.gates.toml`."""

import random
from collections.abc import Sequence

import pytest

from bot.chain import Bot
from bot.evaluation import Evaluation, evaluate, read_plan
from bot.question_set import Question
from bot.reply import Outcome
from bot.results import ask_all
from tests.conftest import ROOT

# What a person asked before of other things may cost at most so much of what is dealt with rightly.
COST = 0.04


@pytest.mark.parametrize("name", ["fresh.jsonl", "follow-test.jsonl", "safety-test.jsonl", "safety-fresh.jsonl"])
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


@pytest.mark.parametrize("count", [1, 3])
def test_what_was_asked_before_of_other_things_changes_little(bot: Bot, evaluated: Evaluation, count: int) -> None:
    """As somebody asks who has many questions: each that stands alone, after others of the set that it has nothing to do with."""
    right = {result.question.id: result.correct for result in evaluated.results}
    asked = after_others(evaluated.plan.questions.questions, count)
    alone = sum(right[one.id] for one in asked) / len(asked)
    still = sum(one.result().correct for one in ask_all(asked, bot)) / len(asked)
    assert still >= alone - COST, (len(asked), alone, still)


def after_others(questions: Sequence[Question], count: int) -> list[Question]:
    seed = random.Random(count)  # noqa: S311 (which questions come first, not a secret)
    alone = [one for one in questions if len(one.turns) == 1 and set(one.expect) <= {Outcome.ANSWERED, Outcome.NOT_IN_ARTICLE}]
    answered = [one for one in alone if one.answerable]
    made = []
    for one in alone:
        others = [other for other in answered if other is not one and not set(other.evidence) & set(one.evidence)]
        made.append(one.model_copy(update={"turns": (*(o.turns[0] for o in seed.sample(others, count)), *one.turns)}))
    return made
