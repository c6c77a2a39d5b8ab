"""When it answers: a probability from named signals, bands by fitted thresholds, neighbours of the bank."""

import math
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from bot.answerability import Band, Calibration, Judgement, Weighted, calibration, judge, signals, takes_for_granted
from bot.opening import weights_for
from bot.retrieval import Candidate, Found
from bot.settings import Settings
from bot.suggestions import Suggester, Suggestion, well_formed
from ingest.documents import Document
from ingest.errors import ModelError
from ingest.experience import Experience, Neighbours, evidence_rows, read_experience, write_experience
from ingest.sidecar import Sidecar

DOCUMENT = Document("a.txt", "One.", "0" * 64, Sidecar())


def found(dense: float, nothing: float | None = None) -> Found:
    candidate = Candidate(DOCUMENT, 0, 0, dense, dense, 2.0)
    neighbours = None if nothing is None else Neighbours(answered=0.5, missed=0.4, vote=0.6, premise=0.0)
    return Found("q", (candidate,), passage_dense=0.3, coverage=0.5, known=0.5, nothing=nothing, neighbours=neighbours)


FITTED = Calibration(
    answers=Weighted(intercept=-5, weights={"sentence": 10}),
    topic=Weighted(intercept=-1, weights={"sentence": 10}),
    answered=0.5,
    near=0.1,
    on_topic=0.4,
    fitted="2026-01-01",
    data_sha256="0",
)


@pytest.mark.parametrize(
    ("dense", "band"),
    [(0.9, Band.ANSWERED), (0.5, Band.ANSWERED), (0.4, Band.NEAR), (0.1, Band.NOT_COVERED), (0.0, Band.OFF_TOPIC)],
)
def test_bands_follow_the_thresholds(dense: float, band: Band) -> None:
    assert judge(found(dense), FITTED).band is band


@pytest.mark.parametrize("dense", [-1e9, -1.0, 0.0, 1.0, 1e9])
def test_a_probability_is_one_whatever_comes_in(dense: float) -> None:
    assert 0 <= judge(found(dense), FITTED).probability <= 1


def test_a_tuned_encoder_adds_its_signals() -> None:
    assert set(signals(found(0.5, nothing=0.2))) - set(signals(found(0.5))) == {
        *("margin", "mass", "nearest answered", "nearest missed", "vote", "vouched", "known well")
    }
    assert signals(found(0.5, nothing=0.2))["margin"] == pytest.approx(0.3)
    # One candidate: its softmax term alone, against that of "nothing here".
    assert signals(found(0.5, nothing=0.2))["mass"] == pytest.approx(20 * 0.3)


def several(*dense_and_lexical: tuple[float, float], premise: float | None = None) -> Found:
    candidates = tuple(Candidate(DOCUMENT, 0, 0, dense, dense, lexical) for dense, lexical in dense_and_lexical)
    neighbours = None if premise is None else Neighbours(answered=0.6, missed=0.4, vote=0.7, premise=premise)
    return Found("q", candidates, 0.3, coverage=0.5, known=0.25, nothing=0.2, neighbours=neighbours)


def test_each_signal_is_what_it_is_called() -> None:
    assert signals(several((0.4, 3.0), (0.7, 6.0), (0.1, 9.0), premise=0.0)) == pytest.approx(
        {
            "sentence": 0.7,
            "passage": 0.3,
            "lexical": math.tanh(1.5),
            "coverage": 0.5,
            "known": 0.25,
            "margin": 0.5,
            # Every candidate counts, the nearest most.
            "mass": math.log(math.exp(20 * 0.4) + math.exp(20 * 0.7) + math.exp(20 * 0.1)) - 20 * 0.2,
            "nearest answered": 0.6,
            "nearest missed": 0.4,
            "vote": 0.7,
            "vouched": 0.7 * 0.6,
            "known well": 0,
        }
    )


def test_a_question_that_is_all_but_one_of_the_bank_is_known_well() -> None:
    near = Neighbours(answered=0.95, missed=0.4, vote=0.8, premise=0.0)
    assert signals(replace(several((0.4, 3.0), premise=0.0), neighbours=near))["known well"] == pytest.approx(0.8 * 0.1)


def test_with_nothing_found_the_signals_are_those_of_nothing() -> None:
    assert signals(several()) == pytest.approx({"sentence": -1, "passage": 0.3, "lexical": 0, "coverage": 0.5, "known": 0.25})
    assert signals(several(premise=0.0))["mass"] == pytest.approx(-20 * 0.2)


@pytest.mark.parametrize(("premise", "granted"), [(None, False), (0.0, False), (0.19, False), (0.2, True), (1.0, True)])
def test_a_premise_is_remarked_on_where_a_fifth_of_the_neighbours_have_one(premise: float | None, granted: bool) -> None:
    assert takes_for_granted(several((0.4, 3.0), premise=premise)) is granted


@pytest.mark.parametrize(
    ("logit", "probability"),
    [(0.0, 0.5), (2.0, 0.8807970779778823), (-60.0, 8.756510762696521e-27), (-90.0, 8.756510762696521e-27), (90.0, 1.0)],
)
def test_the_probability_is_the_logistic_function_of_the_weighted_sum(logit: float, probability: float) -> None:
    assert Weighted(intercept=logit - 3, weights={"a": 2, "b": -1}).probability({"a": 2, "b": 1, "c": 99}) == pytest.approx(
        probability, rel=1e-9, abs=0
    )


@pytest.mark.parametrize(
    ("answered", "near", "on_topic", "band"),
    [
        (0.5, 0.1, 0.5, Band.ANSWERED),
        (0.51, 0.5, 0.5, Band.NEAR),
        (0.51, 0.51, 0.5, Band.NOT_COVERED),
        (0.51, 0.1, 0.51, Band.OFF_TOPIC),
    ],
)
def test_a_threshold_belongs_to_the_better_band(answered: float, near: float, on_topic: float, band: Band) -> None:
    """Both probabilities are one half here."""
    even = Weighted(intercept=0, weights={})
    fitted = FITTED.model_copy(update={"answers": even, "topic": even, "answered": answered, "near": near, "on_topic": on_topic})
    assert judge(several((0.4, 3.0)), fitted) == Judgement(0.5, band)


def test_fitted_numbers_are_taken_as_they_stand() -> None:
    """Neither a misspelt name nor a change afterwards passes."""
    with pytest.raises(ValidationError):
        Calibration.model_validate({**FITTED.model_dump(), "answred": 0.4})
    with pytest.raises(ValidationError):
        Weighted.model_validate({"intercept": 0, "weights": {}, "wieghts": {}})
    with pytest.raises(ValidationError):
        FITTED.answered = 0.1
    with pytest.raises(ValidationError):
        FITTED.answers.intercept = 0.1
    with pytest.raises(FrozenInstanceError):
        judge(found(0.5), FITTED).probability = 1.0  # type: ignore[misc]


def test_the_fitted_numbers_are_read_once() -> None:
    assert calibration() is calibration()


def test_every_fitted_signal_is_there_to_be_weighed() -> None:
    tuned, base = calibration(weights_for(Settings()).tuning), calibration()
    assert set(tuned.answers.weights) == set(tuned.topic.weights) == set(signals(found(0.5, nothing=0.2)))
    assert set(base.answers.weights) == set(base.topic.weights) == set(signals(found(0.5)))


def test_unreadable_numbers_are_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "answerability.json").write_text("{}")
    with pytest.raises(ModelError, match="cancer-bot tune"):
        calibration(tmp_path)


def experience() -> Experience:
    vectors = np.eye(20, 384, dtype=np.float32)
    evidence = evidence_rows([[number, 40] if number == 3 else [number] for number in range(10)] + [[]] * 10)
    return Experience(np.zeros(384, dtype=np.float32), 0.25, vectors, evidence, np.arange(20) == 3)


def test_neighbours_vote_by_nearness(tmp_path: Path) -> None:
    """What is written comes back; the nearest question outweighs all that are far."""
    write_experience(tmp_path, experience())
    read = read_experience(tmp_path)
    near = read.neighbours(np.eye(20, 384)[3].tolist())
    assert near.answered == pytest.approx(1)
    assert near.missed == pytest.approx(0)
    assert near.vote > 0.99
    assert near.premise > 0.99
    assert near.sentences[3] == near.sentences[40] > 0.99
    assert read.neighbours(np.eye(20, 384)[15].tolist()).vote < 0.01
    assert read.null_score([0.0] * 384) == pytest.approx(0.25)


def test_a_missing_experience_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cancer-bot tune"):
        read_experience(tmp_path)


SUGGESTIONS = Suggester(
    [Suggestion("What is RFA?", 100), Suggestion("What is cryoablation?", 200), Suggestion("Is chemo a pill?", 900)]
)


def test_suggestions_come_from_nearby_and_are_new() -> None:
    three = ("What is RFA?", "What is cryoablation?", "Is chemo a pill?")
    assert SUGGESTIONS.after([110], ["How hot is the needle?"]) == three
    assert SUGGESTIONS.after([100], ["what is cryoablation"]) == ("Is chemo a pill?",)
    assert SUGGESTIONS.after([], []) == ()


@pytest.mark.parametrize("question", ["What is RFA?", "Can surgery stop bleeding from the stomach?", "Is surgery ever any use?"])
def test_plain_questions_can_stand_on_a_button(question: str) -> None:
    assert well_formed(question)


@pytest.mark.parametrize(
    "question",
    [
        "what is rfa",
        "What will they do to me?",
        "Is it safe?",
        "Is possible to mix them?",
        "Is trial for all?",
        "Mum cried. What is RFA good for?",
    ],
)
def test_other_questions_can_not(question: str) -> None:
    assert not well_formed(question)
