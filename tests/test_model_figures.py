"""What a language model made of a question set stands on the scoreboard, beside the same program with the rules alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.evaluation import Evaluation, evaluate, read_plan
from bot.model_figures import RULES, Uses
from bot.opening import open_bot
from bot.report import page
from bot.rewriting import IMPLAUSIBLE, NOT_ASKED, REWRITTEN
from bot.scoreboard import scoreboard
from bot.settings import Settings
from tests.provider import Handler, copies, is_rewriting, provider
from tests.test_evaluation import AWAKE, PALLIATIVE, line, write_set

# Two lines lie between the question and its subject: more than is read without a model.
LATER = "thank you. and for the liver"
LIVER = "It’s used most often for cancer that has spread to the bone or liver, but may be used in other areas, too."
SET = (
    line("liver", "What is ablation?", "how much is parking", "what should I eat", LATER, evidence=[LIVER], tags=["follow-up"]),
    line("awake", "How does RFA work?", "Is the patient awake during it?", evidence=[AWAKE], tags=["follow-up"]),
    line("palliative", "What is palliative radiation?", evidence=[PALLIATIVE]),
    line("football", "Who won the football world cup?", expect="not_in_article"),
)
WELL = copies({LATER: "Is ablation for the liver?", "Is the patient awake during it?": "Is chemotherapy free?"})


def behave(handler: Handler) -> str | None:
    """Gives back what it is given, but for one answer that is no JSON and one stand-alone question that is another one."""
    request = handler.provider.asked[-1]
    if not is_rewriting(request) and "palliative radiation?" in request["messages"][-1]["content"]:
        return "no JSON"
    return WELL(handler)


@pytest.fixture(scope="module")
def evaluation(built_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evaluation]:
    with pytest.MonkeyPatch.context() as patch, provider(behave) as there:
        patch.setenv("OPENAI_BASE_URL", there.address)
        patch.setenv("OPENAI_API_KEY", "sk-secret")
        bot = open_bot(Settings(index=built_index, chat_model="openai:m"))
        yield evaluate(bot, read_plan(write_set(tmp_path_factory.mktemp("set"), *SET)))
        bot.close()


def test_the_rules_stand_beside_the_model(evaluation: Evaluation) -> None:
    """Over the same questions; where the model was not believed both have asked the same."""
    rules = {result.question.id: result for result in evaluation.others[RULES]}
    own = {result.question.id: result for result in evaluation.results}
    assert next(iter(evaluation.others)) == RULES
    assert (own["liver"].follow_up, own["liver"].correct, rules["liver"].correct) == (REWRITTEN, True, False)
    assert (rules["liver"].follow_up, rules["awake"].follow_up) == (NOT_ASKED, NOT_ASKED)
    assert (own["awake"].follow_up, own["awake"].correct, rules["awake"].correct) == (IMPLAUSIBLE, True, True)
    assert own["awake"].answerability == rules["awake"].answerability
    assert own["liver"].passage_first
    assert RULES in scoreboard(evaluation)
    assert RULES in page(evaluation)
    assert RULES in evaluation.as_dict()["summary"]["baselines"]


def test_how_often_the_model_was_used_is_said_everywhere(evaluation: Evaluation) -> None:
    model = evaluation.as_dict()["summary"]["language_model"]
    assert (model["answers"]["used"]["n"], model["answers"]["fell_back"], model["answers"]["reasons"]) == (3, 1, {"malformed": 1})
    assert model["follow_ups"]["reasons"] == {"implausible": 1}
    for shown in (scoreboard(evaluation), page(evaluation)):
        assert "Answers: 66.7 % (20.8 to 93.9) of 3 written by the language model, 1 fell back: malformed 1." in shown
        assert "Follow-ups: 50.0 % (9.5 to 90.5) of 2 rewritten by it, 1 fell back: implausible 1." in shown
    assert {"wording", "follow_up"} <= evaluation.as_dict()["results"][0].keys()


def test_reasons_are_counted_the_most_frequent_first() -> None:
    uses = Uses.of(["late", "written", "malformed", "malformed"], "written")
    assert (uses.used.value, list(uses.fell_back.items())) == (0.25, [("malformed", 2), ("late", 1)])
