"""What is settled before any search: what can't be asked, small talk, other scripts."""

import pytest

from bot.triage import EARLIER, QUESTION_CHARACTERS, other_script, readable_previous, small_talk, unreadable


@pytest.mark.parametrize("question", ["What is RFA?", "7", "¿Qué?", "a\nb\tc\r", "x" * QUESTION_CHARACTERS])
def test_what_can_be_asked(question: str) -> None:
    assert unreadable(question) is None


@pytest.mark.parametrize("question", ["", " ", "?!", "\n\t", "🎗"])
def test_a_question_without_a_letter_or_digit_is_empty(question: str) -> None:
    assert unreadable(question) == ("invalid_empty", {})


def test_a_question_that_is_too_long_says_how_long() -> None:
    assert unreadable("x" * 4001) == ("invalid_long", {"length": 4001, "limit": 4000})
    assert unreadable("x" * 4000) is None


@pytest.mark.parametrize(
    ("question", "found"),
    [("What is\x00 RFA?", "U+0000"), ("\x1b[31mWhat?\x07\x1b", "U+001B, U+0007"), ("a\ud800", "U+D800"), ("\x7fRFA", "U+007F")],
)
def test_what_is_no_text_is_named_by_its_code(question: str, found: str) -> None:
    assert unreadable(question) == ("invalid_text", {"found": found})


def test_of_many_such_characters_the_first_twenty_are_looked_at() -> None:
    many = "".join(chr(code) for code in (*range(0x80, 0x80 + 25),))
    refused = unreadable(f"What? {many}")
    assert refused is not None
    assert str(refused[1]["found"]).split(", ") == [f"U+{code:04X}" for code in range(0x80, 0x80 + 20)]


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("Hi!", "greeting"),
        ("good morning there", "greeting"),
        ("Okay thanks so much", "thanks"),
        ("thank you for the explanation", "thanks"),
        ("bye bye", "farewell"),
        ("Who are you?", "about_the_bot"),
        ("are you a real doctor or a machine", "about_the_bot"),
        ("how does this bot work", "about_the_bot"),
        ("What's this bot?", "about_the_bot"),
        ("help", "about_the_bot"),
    ],
)
def test_small_talk_has_its_text(said: str, text: str) -> None:
    assert small_talk(said) == text


@pytest.mark.parametrize(
    "question", ["", "hi, what is RFA?", "thanks but what about bones", "help me breathe", "are you going to operate on me"]
)
def test_anything_more_is_a_question(question: str) -> None:
    assert small_talk(question) is None


@pytest.mark.parametrize("question", ["Что такое RFA?", "什么是放射治疗", "ما هو العلاج", "ab вг д"])
def test_most_letters_of_another_script(question: str) -> None:
    assert other_script(question)


@pytest.mark.parametrize("question", ["What is β?", "Qué es", "ＲＦＡ", "1234?", "", "ab вг", "abc вг", "abcdef вгде"])
def test_half_of_the_letters_are_enough_to_be_read(question: str) -> None:
    assert not other_script(question)


def test_only_earlier_questions_that_could_be_asked_are_leant_on() -> None:
    assert readable_previous(["", "Hello", "What is RFA?", "a\x00", "thanks", "And bones?"]) == ("What is RFA?", "And bones?")


def test_of_a_long_conversation_the_last_lines_are_read() -> None:
    asked = [f"What is stent {number}?" for number in range(EARLIER + 2)]
    assert EARLIER == 40
    assert readable_previous(asked) == tuple(asked[2:])


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("THANK YOU KINDLY. GOOD BYE", "farewell"),
        ("hello, thanks, bye", "farewell"),
        ("thanks, bye", "farewell"),
        ("I am scared", "feelings"),
        ("I am terrified and don't know what to do", "feelings"),
        ("so you only know one article from 2016?", "about_the_bot"),
        ("How do you know that this is right?", "about_the_bot"),
        ("I'm scared of surgery, does it hurt?", None),
        ("how do you know where the bleeding is", None),
    ],
)
def test_what_needs_no_search(said: str, kind: str | None) -> None:
    assert small_talk(said) == kind


def test_how_does_it_work_asks_of_the_bot_only_at_the_beginning() -> None:
    assert small_talk("How does it work?") == "about_the_bot"
    assert small_talk("How does it work?", follows=True) is None
