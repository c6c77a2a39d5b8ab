"""A follow-up takes from the earlier questions what it lacks, and nothing where it lacks nothing."""

import pytest

from bot.conversation import Standalone, in_context, standalone


@pytest.mark.parametrize(
    ("previous", "question", "expected"),
    [
        ([], "Is it safe?", "Is it safe?"),
        (["How does RFA work?"], "Is the patient awake during it?", "Is the patient awake during RFA?"),
        (["Can radiation help with pain?"], "and for bones?", "radiation pain: and for bones?"),
        (["What is hormone therapy?"], "why?", "What is hormone therapy? why?"),
        (["What helps with a blocked bowel?"], "And he can't eat. Is there surgery?", "And he can't eat. Is there surgery?"),
        (["What is chemo?"], "We saw a film. Was it about RFA?", "We saw a film. Was it about RFA?"),
        (["What is a colostomy?"], "What is chemotherapy?", "What is chemotherapy?"),
        (["What is ablation?"], "no, I meant the freezing one", "ablation: the freezing one"),
        (["What can radiation do?"], "I meant surgery. What good can it do?", "surgery. What good can it do?"),
        (
            ["What is chemo?"],
            "Is it true that nothing more can be done for bone pain?",
            "Is it true that nothing more can be done for bone pain?",
        ),
        (["What is chemo?"], "Who wrote this article?", "Who wrote this article?"),
        (["How does RFA work?", "Does it hurt?"], "And how long is it?", "And how long is RFA?"),
    ],
)
def test_what_a_follow_up_leans_on_is_found(previous: list[str], question: str, expected: str) -> None:
    assert standalone(question, previous).question == expected


@pytest.mark.parametrize(
    "question", ["What else?", "tell me more", "Anything else?", "go on", "Is there anything else?", "and what else"]
)
def test_asking_for_more_is_counted(question: str) -> None:
    assert standalone(question, ["What is chemo?"]) == Standalone("What is chemo?", more=1)
    assert standalone(question, ["What is chemo?", "what else?"]) == Standalone("What is chemo?", more=2)


def test_a_question_of_its_own_ends_the_asking_for_more() -> None:
    assert standalone("What is RFA?", ["What is chemo?", "tell me more"]) == Standalone("What is RFA?")


def test_a_long_conversation_is_read_in_no_time() -> None:
    """Each earlier line is read once: sixty that lean on one another once took longer than a person lives."""
    import time

    begun = time.perf_counter()
    assert standalone("and is it safe?", ["What is RFA?", *["and does it hurt?"] * 60]).question == "and is RFA safe?"
    assert time.perf_counter() - begun < 1


def test_in_its_context_a_question_comes_after_the_lines_that_say_something() -> None:
    assert in_context("and is he awake?", ["How does RFA work?", "ok thanks"]) == "How does RFA work? / and is he awake?"
    assert in_context("What is chemo?", []) == "What is chemo?"
    assert in_context("ok, can it blok the bowel?", ["What is a tumor?"]) == "What is a tumor? / can it blok the bowel?"
