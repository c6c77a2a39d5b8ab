"""The first questions: on the answerable ones the first passage is right for every one; the others are not answered."""

import json
from typing import Any

import pytest

from bot.chain import Bot
from bot.coherence import Position, closure
from bot.reply import Reason
from tests.conftest import ROOT

QUESTIONS: list[dict[str, Any]] = [
    json.loads(line) for line in (ROOT / "tests/questions/first.jsonl").read_text(encoding="utf-8").splitlines()
]
ANSWERABLE = [question for question in QUESTIONS if question["expect"] == "answered"]
OFF_TOPIC = [question for question in QUESTIONS if "off-topic" in question["tags"]]


def test_the_set_has_the_size_it_should() -> None:
    assert (len(ANSWERABLE), len(QUESTIONS) - len(ANSWERABLE)) == (24, 20)


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda q: str(q["id"]))
def test_the_first_passage_is_right(bot: Bot, question: dict[str, Any]) -> None:
    """The reply holds at least one of the sentences that answer, from the passage that was found first."""
    reply = bot.ask(question["turns"][-1])
    assert reply.outcome == "answered"
    assert {sentence.text for sentence in reply.sentences} & set(question["evidence"])


@pytest.mark.parametrize("question", OFF_TOPIC, ids=lambda q: str(q["id"]))
def test_what_has_nothing_to_do_with_the_article_is_not_answered(bot: Bot, question: dict[str, Any]) -> None:
    reply = bot.ask(question["turns"][-1])
    assert reply.outcome == "not_in_article"
    assert not reply.nearest
    assert reply.related


def test_most_of_it_is_called_off_topic(bot: Bot) -> None:
    """The others are told that the article does not say: a sick person's question is not called foreign lightly."""
    reasons = [bot.ask(question["turns"][-1]).reason for question in OFF_TOPIC]
    assert reasons.count(Reason.OFF_TOPIC) >= 0.75 * len(reasons)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: str(q["id"]))
def test_every_reply_is_short_whole_and_in_the_articles_order(bot: Bot, question: dict[str, Any]) -> None:
    """One to five sentences, exact slices in order, and none without those that it leans on."""
    reply = bot.ask(question["turns"][-1])
    assert len(reply.sentences) <= 5
    starts = [citation.start for citation in reply.citations]
    assert starts == sorted(starts)
    passages = next(iter(bot.retriever.index.passages.values()))
    shown = {
        Position(number, place)
        for number, passage in enumerate(passages)
        for place, sentence in enumerate(passage.sentences)
        if sentence.start in starts
    }
    for place in shown:
        assert shown.issuperset(closure(passages, place, limit=5) or ())
