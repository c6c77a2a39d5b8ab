"""No sentence is shown without the one that it leans on, none without the "but" that follows it."""

import pytest

from bot.coherence import Position, closure, is_meta, is_pointer
from ingest.documents import Document
from ingest.passages import Passage, Section, Sentence, cut


def passage(*sentences: str) -> Passage:
    found, start = [], 0
    for text in sentences:
        found.append(Sentence(text, text, start, start + len(text)))
        start += len(text) + 1
    return Passage("p", " ".join(sentences), 0, start - 1, Section(("T",)), tuple(found))


def needed(place: Position, *passages: Passage, limit: int = 5) -> list[tuple[int, int]] | None:
    places = closure(passages, place, limit=limit)
    return None if places is None else [(p.passage, p.sentence) for p in places]


@pytest.mark.parametrize(
    "opening",
    ["This", "It’s", "They", "These drugs", "Another option", "If this fails, it", "For this test, a tube", "In some cases they"],
)
def test_a_dangling_opening_brings_the_sentence_before(opening: str) -> None:
    assert needed(Position(0, 1), passage("A drug helps.", f"{opening} may work.")) == [(0, 0), (0, 1)]


@pytest.mark.parametrize("opening", ["Surgery", "Italy", "Thistles", "Themes", "In most cases drugs"])
def test_a_sentence_that_stands_alone_brings_nothing(opening: str) -> None:
    assert needed(Position(0, 1), passage("A drug helps.", f"{opening} may work.")) == [(0, 1)]


@pytest.mark.parametrize("opening", ["But it", "However, it", "Still, they", "Yet it"])
def test_a_claim_is_never_cut_off_from_what_takes_it_back(opening: str) -> None:
    assert needed(Position(0, 0), passage("A drug helps.", f"{opening} can harm.")) == [(0, 0), (0, 1)]


def test_some_people_are_not_shown_without_the_others() -> None:
    assert needed(Position(0, 0), passage("Some people go on.", "Others stop.")) == [(0, 0), (0, 1)]


def test_a_chain_of_dangling_sentences_is_followed_to_its_start() -> None:
    drugs = passage("Drugs attack cells.", "These drugs differ.", "They can be combined.")
    assert needed(Position(0, 2), drugs) == [(0, 0), (0, 1), (0, 2)]
    assert needed(Position(0, 2), drugs, limit=2) is None


def test_a_dangling_paragraph_leans_on_the_paragraph_before() -> None:
    assert needed(Position(1, 0), passage("One way is a scan."), passage("Another way is a scope.")) == [(0, 0), (1, 0)]


def test_pointers_and_remarks_on_the_text_are_known(article: Document) -> None:
    sentences = [s.text for p in cut(article) for s in p.sentences]
    assert [s[:40] for s in sentences if is_pointer(s)] == [
        "More details on treating certain types o",
        "For more on this, see Treating Bone Meta",
        "To learn more about drugs used to treat ",
        "To learn more about chemo and dealing wi",
        "To see what targeted drugs can be used t",
        "To see if immunotherapy is used to treat",
        "For more on these drugs, see Treating Bo",
        "For more information see Clinical Trials",
        "For reprint requests, please see our Con",
    ]
    assert [s[:34] for s in sentences if is_meta(s)] == [
        "This is a review of common treatme",
        "This is general information about ",
    ]


def test_no_sentence_of_the_article_needs_more_than_fits(article: Document) -> None:
    """So every one of them can be part of an answer."""
    passages = cut(article)
    places = [Position(number, place) for number, p in enumerate(passages) for place in range(len(p.sentences))]
    assert all(closure(passages, place, limit=5) for place in places)
