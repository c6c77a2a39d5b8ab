"""The scoreboard as one page that a clinic can read: figures, pictures, and every wrong answer with what it missed."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from bot.baselines import BM25, DENSE
from bot.evaluation import REPORT, Evaluation, write
from bot.plots import coverage_plot, slice_plot
from bot.question_set import ALL
from bot.render import long_date, printable
from bot.results import Result
from bot.scoreboard import PROGRAM, shown
from bot.scores import MEASURES, OWN_GRADE, coverage_curve, point_at
from bot.templating import environment

UNTAGGED = "without a tag"


def write_report(evaluation: Evaluation, folder: Path) -> None:
    """Write `index.html`, which needs nothing beside it. Raises `EvaluationError` where it can't be written."""
    write(folder / REPORT, page(evaluation), errors="xmlcharrefreplace")


def page(evaluation: Evaluation) -> str:
    """The page. Whatever people typed is escaped."""
    templates = environment("bot")
    templates.filters["printable"] = printable
    return templates.get_template("report.html.j2").render(_view(evaluation))


def _view(evaluation: Evaluation) -> dict[str, Any]:
    chosen = point_at(evaluation.results, evaluation.threshold)
    return {
        "questions": evaluation.plan.questions,
        "fitted_on": evaluation.plan.fitted_on.path.name,
        "measured": f"{long_date(evaluation.begun.date())}, {evaluation.begun:%H:%M %Z}",
        "facts": evaluation.facts,
        "measures": MEASURES,
        "total": len(evaluation.results),
        "systems": _systems(evaluation),
        "slices": {name: (figures, _cells(figures)) for name, figures in evaluation.scores.items()},
        "own_grade": shown(evaluation.scores[ALL][OWN_GRADE], MEASURES["reading_grade_quoted"]),
        "model_lines": evaluation.model.lines() if evaluation.model else (),
        "verdicts": evaluation.verdicts,
        "holds": evaluation.holds,
        "curve": coverage_plot(_curves(evaluation), chosen),
        "chosen": chosen,
        "bars": slice_plot(evaluation.scores),
        "testbed": _testbed(evaluation),
        "wrong": {name: list(results) for name, results in _wrong(evaluation)},
        "wrong_total": sum(not result.correct for result in evaluation.results),
        "not_in_sources": evaluation.not_in_sources,
    }


def _cells(figures: Any) -> list[str]:
    return [shown(figures[name], measure, interval=True) for name, measure in MEASURES.items()]


def _systems(evaluation: Evaluation) -> dict[str, list[str]]:
    """For each way to answer, the figures over all questions in the measures' order."""
    scores = {PROGRAM: evaluation.scores, **evaluation.other_scores}
    return {name: _cells(given[ALL]) for name, given in scores.items()}


def _curves(evaluation: Evaluation) -> dict[str, Any]:
    given = {PROGRAM: evaluation.results, **{name: evaluation.others[name] for name in (DENSE, BM25)}}
    return {name: coverage_curve(results) for name, results in given.items()}


def _testbed(evaluation: Evaluation) -> dict[str, dict[str, str]]:
    share, score = MEASURES["correct"], MEASURES["auroc"]
    return {
        encoder: {
            name: shown(figure, score if name == "auroc" else share, interval=True) for name, figure in found.figures.items()
        }
        for encoder, found in evaluation.testbed.items()
    }


def _wrong(evaluation: Evaluation) -> Iterator[tuple[str, Iterator[Result]]]:
    """The wrong ones under the first slice that each stands in, so that none is shown twice."""
    order = {name: place for place, name in enumerate(evaluation.scores)}
    wrong = [result for result in evaluation.results if not result.correct]
    return groupby(sorted(wrong, key=lambda r: order[_home(r)]), key=lambda r: UNTAGGED if _home(r) == ALL else _home(r))


def _home(result: Result) -> str:
    return next((slice for slice in result.question.slices if slice != ALL), ALL)
