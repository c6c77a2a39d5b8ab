"""A reply that breaks the contract can't be built, and a citation that does not resolve never leaves."""

from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.reply import Citation, CitedSentence, Outcome, Reason, Reply
from bot.verification import resolves, verify
from ingest.documents import Document
from ingest.sidecar import Sidecar

TEXT = "One is here. Two is there."
DOCUMENTS: Mapping[str, Document] = {"a.txt": Document("a.txt", TEXT, "0" * 64, Sidecar())}


def citation(number: int = 1, start: int = 0, end: int = 12, quote: str = "One is here.", document: str = "a.txt") -> Citation:
    return Citation(number=number, document=document, title="A", section=("A",), quote=quote, start=start, end=end)


def sentence(text: str = "One is here.", *citations: int, verbatim: bool = True) -> CitedSentence:
    return CitedSentence(text=text, verbatim=verbatim, citations=citations or (1,))


def reply(**fields: object) -> Reply:
    given = {
        "question": "q",
        "standalone_question": "q",
        "answer": "a",
        "notice": "n",
        "answerability": 0.9,
        "outcome": Outcome.ANSWERED,
    }
    return Reply.model_validate({**given, **fields})


def test_an_answered_reply_with_its_citation_is_built() -> None:
    assert reply(sentences=(sentence(),), citations=(citation(),)).outcome is Outcome.ANSWERED


@pytest.mark.parametrize(
    "fields",
    [
        {},  # answered without a sentence
        {"sentences": (sentence(),)},  # cites what is not there
        {"sentences": (sentence(),), "citations": (citation(number=2),)},  # numbers with a gap
        {"sentences": (sentence("Other."),), "citations": (citation(),)},  # verbatim, and is not
        {"sentences": (sentence(),), "citations": (citation(),), "reason": Reason.PERSONAL},  # answered, with a reason not to
        {"sentences": (sentence(),), "citations": (citation(),), "answerability": None},
        {"outcome": Outcome.NOT_IN_ARTICLE},  # without a reason
        {"outcome": Outcome.NOT_IN_ARTICLE, "reason": Reason.OFF_TOPIC, "sentences": (sentence(),), "citations": (citation(),)},
        {"outcome": Outcome.CONVERSATION},  # with a probability
        {"outcome": Outcome.CONVERSATION, "answerability": None, "notice": ""},
        {"sentences": (sentence(),), "citations": (citation(),), "answerability": 1.1},
        {"sentences": (sentence(),), "citations": (citation(),), "colour": "red"},
    ],
)
def test_what_cannot_be_true_cannot_be_built(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        reply(**fields)


@example(start=-1, end=len(TEXT), quote=TEXT[-1], document="a.txt")
@given(st.integers(-3, 40), st.integers(-3, 40), st.text(max_size=30), st.sampled_from(["a.txt", "b.txt", ""]))
def test_only_a_true_slice_resolves(start: int, end: int, quote: str, document: str) -> None:
    """No offsets, document or quote outside the article ever resolve."""
    made = Citation.model_construct(number=1, document=document, title="", section=(), quote=quote, start=start, end=end)
    inside = document == "a.txt" and 0 <= start < end <= len(TEXT) and TEXT[start:end] == quote
    assert resolves(made, DOCUMENTS) == inside


@pytest.mark.parametrize("elsewhere", [{"page": 3}, {"anchor": "top"}])
def test_a_slice_on_another_page_does_not_resolve(elsewhere: dict[str, object]) -> None:
    assert not resolves(citation().model_copy(update=elsewhere), DOCUMENTS)


@given(st.integers(0, 25), st.integers(1, 26))
def test_every_true_slice_resolves(start: int, length: int) -> None:
    end = min(start + length, len(TEXT))
    assert resolves(citation(start=start, end=end, quote=TEXT[start:end] or "x"), DOCUMENTS) == (start < end)


def test_a_sentence_whose_citation_fails_is_dropped_and_the_rest_renumbered() -> None:
    sentences = (sentence("Bad.", 1), sentence("Two is there.", 2), sentence("Both.", 1, 2, verbatim=False))
    citations = (citation(1, 0, 4, "Bad."), citation(2, 13, 26, "Two is there."))
    kept, cited = verify(sentences, citations, DOCUMENTS)
    assert [(s.text, s.citations) for s in kept] == [("Two is there.", (1,))]
    assert [(c.number, c.quote) for c in cited] == [(1, "Two is there.")]


@pytest.mark.parametrize("text", ["One is here!", "One", "Zebras are here.", "A"])
def test_a_verbatim_sentence_has_to_be_its_quote(text: str) -> None:
    assert verify((sentence(text),), (citation(),), DOCUMENTS) == ((), ())


def test_a_verbatim_sentence_is_compared_by_its_letters() -> None:
    read_elsewhere = " ".join(["One", "is", "here."])
    assert verify((sentence(read_elsewhere),), (citation(),), DOCUMENTS)[0] == (sentence(),)


def test_nothing_is_left_where_the_document_is_unknown() -> None:
    assert verify((sentence(),), (citation(document="b.txt"),), DOCUMENTS) == ((), ())
