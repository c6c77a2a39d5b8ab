"""Questions about the article itself: what they are told apart from, and which of its sentences answer them."""

import pytest

from bot.about import asked_about
from bot.chain import Bot


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who wrote this article?", "people"),
        ("Who are the authors?", "people"),
        ("When was this page last updated?", "date"),
        ("Is this text out of date?", "date"),
        ("May I copy this leaflet for my group?", "rights"),
        ("What is this article about?", "subject"),
        ("What topics are in here?", "subject"),
        ("What questions can I ask you?", "subject"),
        ("Summarize the article", "subject"),
        ("Can you give me a summary of this page?", "subject"),
        ("What questions should I ask my doctor?", None),
        ("Who wrote the first will?", None),
        ("When will this page be updated?", None),
        ("Is the tumor about this size?", None),
        ("How old is too old for surgery?", None),
        ("Summarize my chances", None),
        (f"{'My mother has been ill for a long time and nobody knows what to do. ' * 3}Who wrote this?", "people"),
    ],
)
def test_what_is_asked_about_the_article_itself(question: str, kind: str | None) -> None:
    assert asked_about(question) == kind


def test_a_summary_is_the_sections_that_there_are(bot: Bot) -> None:
    reply = bot.ask("Summarize the article")
    assert [sentence.text for sentence in reply.sentences] == ["This is a review of common treatments used for advanced cancer."]
    assert "Clinical trials" in reply.related
    assert len(reply.related) > 3


def test_who_and_when_are_answered_by_its_last_lines(bot: Bot) -> None:
    assert "oncology certified nurses" in bot.ask("Who wrote this article?").answer
    assert "December 16, 2016" in bot.ask("When was this page last updated?").answer
