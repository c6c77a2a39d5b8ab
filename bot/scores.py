"""Results → the scoreboard's figures, for every slice of the set."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from bot.figures import NOTHING, Figure, auroc, mean, median, rate
from bot.question_set import ALL
from bot.results import Result
from prompts import text

# Slices of unanswerable questions: set against every answerable one, whichever slice that stands in.
UNANSWERABLE = ("near-miss", "off-topic")
PAIR = "standalone-pair"
ALONE = "-alone"

OWN_GRADE = "reading_grade_own"

# Texts with this prefix instruct a language model; no person is shown them.
FOR_MODELS = "model_"

Results = Sequence[Result]
Scores = Mapping[str, Mapping[str, Figure]]


@dataclass(frozen=True)
class Measure:
    """A column of the scoreboard: its heading, what it says, how it is counted, and how many decimals it is shown with.

    `figure` takes the slice's results and those of the whole set. `share`: between 0 and 1, shown in per cent.
    """

    heading: str
    meaning: str
    figure: Callable[[Results, Results], Figure]
    share: bool = True
    decimals: int = 1


def _correct(results: Results, _: Results) -> Figure:
    return rate([result.correct for result in results])


def _answered(results: Results, _: Results) -> Figure:
    return rate([result.answered for result in results if not result.question.either])


def _no_wrong_answer(results: Results, _: Results) -> Figure:
    return rate([not result.answered or result.correct for result in results])


def _right_passage_first(results: Results, _: Results) -> Figure:
    return rate([result.passage_first for result in _answerable(results) if result.question.evidence])


def _evidence_recall(results: Results, _: Results) -> Figure:
    return mean([sum(r.evidence_found) / len(r.evidence_found) for r in _answerable(results) if r.answered and r.evidence_found])


def _precision(results: Results, _: Results) -> Figure:
    answers = [r for r in _answerable(results) if r.answered and r.question.evidence]
    return mean([r.relevant / len(r.sentences) for r in answers])


def _abstention_recall(results: Results, _: Results) -> Figure:
    return rate([not result.answered for result in results if result.question.unanswerable])


def _abstention_precision(results: Results, _: Results) -> Figure:
    abstained = [r for r in results if r.outcome == "not_in_article" and not r.question.either]
    return rate([r.outcome in r.question.expect for r in abstained])


def _sentences(results: Results, _: Results) -> Figure:
    return median([len(result.sentences) for result in results if result.answered])


def _milliseconds(results: Results, _: Results) -> Figure:
    return median([result.milliseconds for result in results if result.milliseconds is not None])


def _auroc(results: Results, _: Results) -> Figure:
    return auroc(_probabilities(_answerable(results)), _probabilities([r for r in results if r.question.unanswerable]))


def _follow_up_difference(results: Results, everything: Results) -> Figure:
    """Share correct of follow-ups minus that of the same questions asked alone, -100 to 100 points."""
    alone = {r.question.id: r for r in everything if PAIR in r.question.tags}
    pairs = [(r, alone[r.question.id + ALONE]) for r in results if r.question.id + ALONE in alone]
    return mean([100.0 * (follow_up.correct - twin.correct) for follow_up, twin in pairs])


def _quoted_grade(results: Results, _: Results) -> Figure:
    quoted = dict.fromkeys(sentence for result in results for sentence in result.sentences)
    return reading_grade(list(quoted))


MEASURES = {
    "correct": Measure("Correct", "right outcome and, in an answer, at least one sentence of the evidence", _correct),
    "answered": Measure("Answered", "questions that were answered, rightly or not", _answered),
    "no_wrong_answer": Measure(
        "No wrong",
        "questions without a wrong answer: silent, or answered with at least one sentence of the evidence",
        _no_wrong_answer,
    ),
    "right_passage_first": Measure("Passage", "answerable questions whose best passage holds evidence", _right_passage_first),
    "evidence_recall": Measure("Recall", "share of the evidence in the answers to answerable questions", _evidence_recall),
    "precision": Measure("Precision", "share of those answers' sentences that stand in a passage with evidence", _precision),
    "abstention_recall": Measure("Silent", "unanswerable questions that were not answered", _abstention_recall),
    "abstention_precision": Measure("Rightly", "refusals (“not in the article”) that were right", _abstention_precision),
    "auroc": Measure("AUROC", "how well the score tells answerable questions from the others", _auroc, share=False, decimals=3),
    "follow_up_difference": Measure(
        "Follow-up", "follow-ups minus the same questions asked alone, correct, in points", _follow_up_difference, share=False
    ),
    "sentences": Measure("Sentences", "sentences of an answer, median", _sentences, share=False),
    "milliseconds": Measure("ms", "milliseconds for a reply, median", _milliseconds, share=False, decimals=0),
    "reading_grade_quoted": Measure("Grade", "school grade of the quoted sentences (Flesch–Kincaid)", _quoted_grade, share=False),
}


def score(results: Results) -> Scores:
    """Every measure for every slice, `all` first."""
    slices = dict.fromkeys(slice for result in results for slice in result.question.slices)
    return {slice: _score_slice(slice, results) for slice in slices}


def _score_slice(slice: str, results: Results) -> dict[str, Figure]:
    inside = [result for result in results if slice in result.question.slices]
    figures = {name: measure.figure(inside, results) for name, measure in MEASURES.items()}
    if slice in UNANSWERABLE:
        against = [result for result in inside if result.question.unanswerable]
        figures["auroc"] = auroc(_probabilities(_answerable(results)), _probabilities(against))
    return figures


def _answerable(results: Results) -> Results:
    return [result for result in results if result.question.answerable]


def _probabilities(results: Results) -> list[float]:
    """No answerability, as in a greeting: the program took it for nothing to answer."""
    return [result.answerability or 0.0 for result in results]


def reading_grade(texts: Sequence[str]) -> Figure:
    """Flesch-Kincaid grade of texts, each of which ends a sentence (Kincaid et al. 1975): years of school in the US."""
    if not texts:
        return NOTHING
    from textstat import textstat

    whole = " ".join(said if said.endswith((".", "!", "?", ".”", ".)")) else f"{said.rstrip(':')}." for said in texts)
    return Figure(float(textstat.flesch_kincaid_grade(whole)), None, None, len(texts))


def with_own_grade(scores: Scores) -> Scores:
    """The same with the reading grade of the program's own words, which no slice changes, among the figures over all."""
    return {**scores, ALL: {**scores[ALL], OWN_GRADE: own_grade()}}


def own_grade() -> Figure:
    """The reading grade of every text in `prompts` that a person can be shown; a placeholder counts as a short word."""
    names = sorted(entry.name for entry in resources.files("prompts").iterdir() if entry.name.endswith(".md"))
    shown = [text(name.removesuffix(".md")) for name in names if not name.startswith(FOR_MODELS)]
    return reading_grade([re.sub(r"\{\w+\}", "one", said) for said in shown])


@dataclass(frozen=True)
class Point:
    """Answering whatever scores `threshold` or more: the share of questions answered, and how many of these rightly so."""

    threshold: float
    coverage: float
    accuracy: float


def coverage_curve(results: Results) -> tuple[Point, ...]:
    """A point for every threshold that changes something, the highest first."""
    thresholds = {result.answerability or 0.0 for result in results}
    return tuple(point for threshold in sorted(thresholds, reverse=True) if (point := point_at(results, threshold)))


def point_at(results: Results, threshold: float) -> Point | None:
    """The point of one threshold; none where nothing reaches it. Questions of which either outcome is right are left out."""
    judged = [result for result in results if not result.question.either]
    taken = [result.question.answerable for result in judged if (result.answerability or 0.0) >= threshold]
    return Point(threshold, len(taken) / len(judged), sum(taken) / len(taken)) if taken else None
