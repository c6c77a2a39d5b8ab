"""A question set → the scoreboard: the program's figures, those of its baselines, the gates, and another test-bed."""

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.baselines import Baseline, answerable_of, baselines
from bot.chain import Bot
from bot.gates import Gate, Verdict, hold, read_gates
from bot.model_figures import RULES, ModelFigures, model_figures
from bot.question_set import QuestionSet, default_path, read_questions
from bot.results import Asked, Result, ask_all
from bot.retrieval import Found
from bot.scores import Scores, score, with_own_grade
from bot.testbed import Findings, TestBed, find_all, read_testbed
from ingest.errors import CancerBotError
from ingest.index import Progress

# The split that thresholds are fitted on, beside the one that is scored.
FITTED_ON = "dev.jsonl"

# The page in the folder of a report.
REPORT = "index.html"


class EvaluationError(CancerBotError):
    """What was measured can't be written where it should."""


@dataclass(frozen=True)
class Plan:
    """All that is read before anything runs: the set, its gates, what the baselines are fitted on, the test-bed."""

    questions: QuestionSet
    gates: tuple[Gate, ...]
    fitted_on: QuestionSet
    testbed: TestBed | None


@dataclass(frozen=True)
class Evaluation:
    """What was measured. `results` and `scores` are the program's; `others` has, by name, each baseline's results.

    `others` begins with the program that leaves follow-ups to its rules, where a language model rewrites them.
    `facts`: what was measured with, by name. `not_in_sources`: questions with evidence that no source holds.
    """

    plan: Plan
    begun: datetime.datetime
    facts: Mapping[str, str]
    threshold: float
    results: tuple[Result, ...]
    scores: Scores
    fitted: tuple[Baseline, ...]
    others: Mapping[str, tuple[Result, ...]]
    other_scores: Mapping[str, Scores]
    verdicts: tuple[Verdict, ...]
    not_in_sources: tuple[str, ...]
    testbed: Mapping[str, Findings]

    @property
    def model(self) -> ModelFigures | None:
        """What a language model made of it; None where none is configured."""
        return model_figures(self.results)

    def bar_of(self, name: str) -> float | None:
        """The threshold of what is set beside the program: a baseline's own, or the program's where it is the program."""
        bars = {baseline.name: baseline.bar for baseline in self.fitted}
        return bars.get(name, self.threshold)

    @property
    def holds(self) -> bool:
        """Whether every gate of the set holds."""
        return all(verdict.holds for verdict in self.verdicts)

    def as_dict(self) -> dict[str, Any]:
        """As the JSON of the contract: a summary and a result for each question."""
        summary = {
            "questions": {
                "file": self.plan.questions.path.name,
                "sha256": self.plan.questions.sha256,
                "n": len(self.results),
                "evidence_not_in_sources": list(self.not_in_sources),
            },
            "measured": self.begun.isoformat(timespec="seconds"),
            "facts": dict(self.facts),
            "threshold": self.threshold,
            "language_model": self.model.as_dict() if self.model else None,
            "slices": _plain(self.scores),
            "baselines": {
                "thresholds_fitted_on": self.plan.fitted_on.path.name,
                **{name: {"threshold": self.bar_of(name), "slices": _plain(s)} for name, s in self.other_scores.items()},
            },
            "testbed": {name: findings.as_dict() for name, findings in self.testbed.items()},
            "gates": [verdict.as_dict() for verdict in self.verdicts],
            "gates_hold": self.holds,
        }
        return {"summary": summary, "results": [result.as_dict() for result in self.results]}


def _plain(scores: Scores) -> dict[str, dict[str, Any]]:
    return {slice: {name: figure.as_dict() for name, figure in figures.items()} for slice, figures in scores.items()}


def read_plan(questions: Path | None = None, testbed: Path | None = None) -> Plan:
    """Read all that an evaluation needs; no path: the project's own test split. Raises `SourceError` on anything malformed."""
    scored = read_questions(questions or default_path())
    gates = read_gates(scored)
    dev = scored.path.with_name(FITTED_ON)
    fitted_on = read_questions(dev) if dev.is_file() and scored.path.name != FITTED_ON else scored
    return Plan(scored, gates, fitted_on, read_testbed(testbed) if testbed else None)


def evaluate(bot: Bot, plan: Plan, *, progress: Progress | None = None) -> Evaluation:
    """Ask and score everything; `progress` is called with (done, in all) for each stretch of the way anew."""
    begun = datetime.datetime.now().astimezone()
    asked = ask_all(plan.questions.questions, bot, progress)
    results = tuple(one.result() for one in asked)
    fitted = baselines(_found_for_fitting(bot, plan, asked))
    others = _by_rules(bot, results) | {b.name: tuple(b.result(one) for one in asked) for b in fitted}
    scores = with_own_grade(score(results))
    return Evaluation(
        plan=plan,
        begun=begun,
        facts=_facts(bot),
        threshold=bot.fitted.answered,
        results=results,
        scores=scores,
        fitted=fitted,
        others=others,
        other_scores={name: score(given) for name, given in others.items()},
        verdicts=hold(plan.gates, scores),
        not_in_sources=tuple(one.question.id for one in asked if not all(one.gold.spans)),
        testbed=_find_elsewhere(bot, plan.testbed, progress) if plan.testbed else {},
    )


def _by_rules(bot: Bot, results: tuple[Result, ...]) -> dict[str, tuple[Result, ...]]:
    """What the program makes of the set without the model's stand-alone questions; nothing where it has none."""
    if not bot.model:
        return {}
    rules = bot.without_rewriting()
    return {RULES: tuple(Asked.of(one.question, rules).result() if one.rewriting_asked else one for one in results)}


def _found_for_fitting(bot: Bot, plan: Plan, asked: list[Asked]) -> list[Found]:
    if plan.fitted_on is plan.questions:
        return [one.found for one in asked if one.question.answerable and one.found]
    return [bot.look_up(q.turns[-1], q.turns[:-1])[0] for q in answerable_of(plan.fitted_on.questions)]


def _find_elsewhere(bot: Bot, bed: TestBed, progress: Progress | None) -> dict[str, Findings]:
    from ingest.embeddings import SentenceTransformerEmbeddings
    from ingest.weights import find_weights

    encoders = {"encoder in use": bot.retriever.embeddings, "base weights": SentenceTransformerEmbeddings(find_weights())}
    return {name: find_all(bed, encoder, progress) for name, encoder in encoders.items()}


def _facts(bot: Bot) -> dict[str, str]:
    manifest = bot.retriever.index.manifest
    return {
        "encoder": manifest.model.name,
        "sha256 of the encoder": manifest.model.sha256,
        **({"language model": bot.model} if bot.model else {}),
        "answerability fitted": bot.fitted.fitted,
        "sha256 of what it was fitted on": bot.fitted.data_sha256,
        "index built": manifest.created,
        "documents": str(manifest.documents),
        "passages": str(manifest.passages),
        "sentences": str(manifest.sentences),
        **{f"source {name}": fingerprint for name, fingerprint in manifest.sources.items()},
    }


def check_targets(json_file: Path | None, report: Path | None) -> None:
    """Make the report's folder and see that both can be written, before minutes are spent. Raises `EvaluationError`."""
    try:
        for target in (json_file, report and report / REPORT):
            if target:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.open("ab").close()
    except OSError as error:
        raise EvaluationError(f"Can't write {error.filename}: {error.strerror}. Name another place.") from error


def write_json(evaluation: Evaluation, path: Path) -> None:
    """Write the JSON of the contract. Raises `EvaluationError` where it can't be written."""
    write(path, json.dumps(evaluation.as_dict(), ensure_ascii=False, indent=1) + "\n", errors="backslashreplace")


def write(path: Path, text: str, *, errors: str) -> None:
    """Write a text; `errors`: how half a character, which a person may have typed, is spelt in it."""
    try:
        path.write_text(text, encoding="utf-8", errors=errors, newline="")
    except OSError as error:
        raise EvaluationError(f"Can't write {path}: {error.strerror}. Name another place.") from error
