"""Whatever text comes in, passages and sentences are exact slices of it."""

import hashlib
from collections.abc import Iterator
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.documents import Document
from ingest.passages import CUTTER_VERSION, PASSAGE_CHARACTERS, Passage, Section, cut, outline
from ingest.sentences import sentence_spans
from ingest.sidecar import Heading, Sidecar

texts = st.text(
    st.one_of(st.sampled_from("ab A.B!?() \n\r\t#*-1>|“”’\u00a0\ufeff\x85\u2028é🎗"), st.characters(exclude_categories=["Cs"])),
    max_size=300,
)


def document(text: str, *, name: str = "a.txt", sidecar: Sidecar | None = None) -> Document:
    return Document(name, text, "0" * 64, sidecar or Sidecar())


def section_of(passages: tuple[Passage, ...], opening: str) -> tuple[str, ...]:
    return next(p.section.path for p in passages if p.text.startswith(opening))


@given(text=texts, name=st.sampled_from(["a.txt", "a.md"]))
@example(text="# Title\r\n\r\n- One. Two.\r\n- Three.\r\n", name="a.md")
@example(text="\ufeffA (b.) C.\n \nD", name="a.txt")
def test_every_slice_is_exact(text: str, name: str) -> None:
    """Offsets slice back exactly, slices are in order, never overlap, and hold no white space at their ends."""
    passages = cut(document(text, name=name))
    end = 0
    for passage in passages:
        assert text[passage.start : passage.end] == passage.text
        assert passage.sentences
        assert (passage.sentences[0].start, passage.sentences[-1].end) == (passage.start, passage.end)
        for sentence in passage.sentences:
            assert text[sentence.start : sentence.end] == sentence.text == sentence.text.strip()
            assert end <= sentence.start < sentence.end
            end = sentence.end


@given(text=texts)
def test_no_character_that_can_be_read_is_lost(text: str) -> None:
    """Each letter of a plain text stands in a heading or in a passage."""
    passages = cut(document(text))
    headings = "".join(section.title for _, section in outline(document(text)))
    kept = "".join(passage.text for passage in passages) + headings
    assert sorted(c for c in text if c.isalnum()) == sorted(c for c in kept if c.isalnum())


@given(text=texts)
def test_ids_are_stable_and_unique(text: str) -> None:
    """The same text gives the same ids, and no two slices share one."""
    ids = [id for passage in cut(document(text)) for id in (passage.id, *(s.id for s in passage.sentences))]
    assert ids == [id for passage in cut(document(text)) for id in (passage.id, *(s.id for s in passage.sentences))]
    assert len(set(ids)) == len(ids)


def test_ids_are_the_ones_that_indexes_hold() -> None:
    """Another way to make them would embed every source again; a repeated sentence has an id of its own."""
    passages = cut(document("Top\n\nOne. One.\n\nOne."))
    assert [(passage.id, *(s.id for s in passage.sentences)) for passage in passages] == [
        ("4038faa5118d7abf", "97ef0bf4381f2b90", "258015076df2373b"),
        ("96c3c511c2963be0", "46ef88606dcf5374"),
    ]


def test_another_way_to_cut_has_another_version(article: Document) -> None:
    """The version is in every index's manifest: raise it in the change that alters this digest."""
    ids = [id for passage in cut(article) for id in (passage.id, *(s.id for s in passage.sentences))]
    assert (CUTTER_VERSION, hashlib.sha256(" ".join(ids).encode()).hexdigest()[:16]) == (1, "9f01d49ca96e1c56")


def test_a_section_is_called_by_its_nearest_heading() -> None:
    section = Section(("Article", "Part", "Piece", "Bit"))
    assert (section.title, section.about) == ("Bit", False)


@pytest.mark.parametrize(
    ("first", "path"),
    [("Beta", ("m", "Beta")), ("zeta", ("m", "zeta")), ("m", ("m",))],
    ids=["sorts before", "after", "the same"],
)
def test_the_title_leads_every_path_once(first: str, path: tuple[str, ...]) -> None:
    assert [passage.section.path for passage in cut(document(f"{first}\n\nOne sentence.", name="m.txt"))] == [path]


def test_an_edit_elsewhere_leaves_ids_as_they_are(article: Document) -> None:
    """So only what changed has to be embedded again."""
    before = {s.id for passage in cut(article) for s in passage.sentences}
    edited = article.text.replace("Clinical trials are carefully", "Trials are most carefully")
    after = {s.id for passage in cut(document(edited, name=article.name, sidecar=article.sidecar)) for s in passage.sentences}
    assert len(before - after) == len(after - before) == 1


def test_what_was_cut_stays_as_it_is(article: Document) -> None:
    passage = cut(article)[0]
    for value in (passage, passage.section, passage.sentences[0]):
        with pytest.raises(FrozenInstanceError):
            value.text = "another"  # type: ignore[union-attr,misc]


def test_the_article_is_cut_as_it_reads(article: Document) -> None:
    passages = cut(article)
    assert (len(passages), sum(len(passage.sentences) for passage in passages)) == (38, 111)


def test_lost_headings_are_restored(article: Document) -> None:
    """By position alone the text on immunotherapy would stand under hormone therapy."""
    passages = cut(article)
    drugs = ("Treating Advanced Cancer", "Drugs used to treat advanced cancer")
    assert section_of(passages, "Immunotherapy boosts") == (*drugs, "Immunotherapy")
    assert section_of(passages, "Chemotherapy (chemo)") == (*drugs, "Chemotherapy")
    assert section_of(passages, "Radiopharmaceuticals are")[-1] == "Radiopharmaceuticals"
    assert section_of(passages, "Different types of radiation")[-1] == "Radiation therapy for advanced cancer"
    assert section_of(passages, "Clinical trials are carefully") == ("Treating Advanced Cancer", "Clinical trials")


def test_lines_about_the_article_are_marked(article: Document) -> None:
    about = [passage.text[:12] for passage in cut(article) if passage.section.about]
    assert about == ["Our team is ", "Last Revised", "American Can"]


def test_an_outline_that_lags_behind_its_text_still_cuts() -> None:
    """A heading that is no longer in the text is passed over; the rest keep their places."""
    sidecar = Sidecar(
        title="T", outline=(Heading(level=1, title="T"), Heading(level=2, title="Gone"), Heading(level=2, title="Here"))
    )
    passages = cut(document("T\n\nOne.\n\nHere\n\nTwo.", sidecar=sidecar))
    assert [passage.section.path for passage in passages] == [("T",), ("T", "Here")]


def test_plain_text_without_a_sidecar_finds_its_headings() -> None:
    passages = cut(document("Title\n\nFirst part\n\nOne sentence.\n\nLast revised: 2020\n\nEnd."))
    assert [passage.section.path for passage in passages] == [("a", "Title", "First part")] * 3


def test_markdown_headings_lists_and_code_are_blocks() -> None:
    text = "# Top\n\nIntro.\n\n## Sub `x`\n\n- One. Two.\n- 1) Three\n\n> Quoted.\n\n| a | b |\n|---|---|\n| c | d |\n"
    passages = cut(document(text, name="a.md"))
    assert [(passage.section.path[1:], passage.text) for passage in passages] == [
        (("Top",), "Intro."),
        (("Top", "Sub `x`"), "One. Two."),
        (("Top", "Sub `x`"), "Three"),
        (("Top", "Sub `x`"), "Quoted."),
        (("Top", "Sub `x`"), "| a | b |"),
        (("Top", "Sub `x`"), "| c | d |"),
    ]


def test_long_paragraphs_are_cut_between_sentences() -> None:
    text = " ".join(f"This is sentence number {number} of a long paragraph." for number in range(100))
    passages = cut(document(text))
    assert all(len(passage.text) <= PASSAGE_CHARACTERS for passage in passages)
    assert sum(len(passage.sentences) for passage in passages) == 100


@pytest.mark.parametrize(
    ("second", "lengths"),
    [(498, [999, 11]), (499, [1000, 11]), (500, [499, 513])],
    ids=["shorter than the encoder reads", "just as long", "longer by one"],
)
def test_a_passage_takes_as_many_sentences_as_the_encoder_reads(second: int, lengths: list[int]) -> None:
    text = " ".join(letter * count + "." for letter, count in (("A", 498), ("B", second), ("C", 10)))
    assert [len(passage.text) for passage in cut(document(text))] == lengths


def spans(text: str) -> Iterator[str]:
    return (text[start:end] for start, end in sentence_spans(text))


@pytest.mark.parametrize(
    "sentences",
    [
        ["It goes in.", "(The patient sleeps while this is done.)", "The doctor looks.", "Then it ends."],
        ["The dose (e.g. 5 mg) is low.", "It helped."],
        ["Dr. Smith said so.", "He left at 5 p.m.", "Then it rained."],
        ["Is it safe?", "Yes!", "Call 100.4 °F a fever."],
        ["A line\nthat is wrapped goes on.", "The next one."],
    ],
)
def test_sentences_end_where_a_reader_would_say(sentences: list[str]) -> None:
    assert list(spans(" ".join(sentences))) == sentences
