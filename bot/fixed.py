"""Replies that need no search: what to do in an emergency or a crisis, small talk, and questions that can't be asked."""

from collections.abc import Sequence

from bot.language import language
from bot.reply import Flag, Outcome, Reply
from bot.safety.assessment import assess
from bot.safety.regions import Region
from bot.triage import QUESTION_CHARACTERS, readable_previous
from bot.turn import Turn
from bot.wording import joined, safety_text, source_of, writable
from ingest.documents import Document
from prompts import text


def help_without_answer(region: Region, document: Document | None, question: str, previous: Sequence[str]) -> Reply | None:
    """What to do now, for whoever is in danger where nothing can be answered; None for everybody else."""
    level = assess(question[:QUESTION_CHARACTERS], readable_previous(previous)).level
    if not level.is_danger:
        return None
    return urgent_reply(region, document, Turn(question, tuple(previous)), Outcome(level.value))


def urgent_reply(region: Region, document: Document | None, turn: Turn, outcome: Outcome, answer: Reply | None = None) -> Reply:
    """What to do now; below, and only where the article answers, what it says."""
    said = [safety_text(outcome.value, region)]
    if language(turn.question) == "spanish":
        said.append(safety_text(f"{outcome.value}_es", region))
    answered = answer if answer and answer.outcome is Outcome.ANSWERED else None
    if answered:
        said += [text("article_says"), joined(answered.sentences, answered.citations)]
    return Reply(
        question=writable(turn.question),
        standalone_question=turn.standalone or writable(turn.question),
        outcome=outcome,
        flags=(Flag(outcome.value),),
        answerability=answer.answerability if answer else 0.0,
        answer="\n\n".join(said),
        sentences=answered.sentences if answered else (),
        citations=answered.citations if answered else (),
        notice=text("notice"),
        source=answered.source if answered else source_of(document) if document else None,
    )


def fixed_reply(document: Document, turn: Turn, outcome: Outcome, said: str) -> Reply:
    """A fixed text."""
    shown = writable(turn.question)
    return Reply(
        question=shown,
        standalone_question=shown,
        outcome=outcome,
        answer=said,
        notice=text("notice"),
        source=source_of(document),
    )
