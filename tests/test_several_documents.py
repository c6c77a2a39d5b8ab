"""Several leaflets of different subjects: the right one is cited, none is mixed up with another, what none says is refused."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import html

from bot.chain import Bot
from bot.opening import open_bot
from bot.render import plain
from bot.reply import Outcome, Reason, Reply
from bot.settings import Settings
from bot.verification import resolves
from bot.web.article import Sections, article_html
from bot.web.messages import Messages
from bot.web.terms import Glossary
from tests.pdfs import write_leaflet

LEAFLETS = Path(__file__).parent / "leaflets"

# Question, the leaflet that answers it, and words of the sentence that does.
ANSWERED = [
    ("How long do saliva sprays last?", "dry-mouth.txt", "about two hours"),
    ("How often should I see a dentist?", "dry-mouth.txt", "every three months"),
    ("How long may I nap?", "sleeping-better.md", "half an hour"),
    ("When should I take steroid tablets?", "sleeping-better.md", "before noon"),
    ("What is lymphoedema?", "swollen-arm.html", "lymph can't drain away"),
    ("How do I wash the sleeve?", "swollen-arm.html", "by hand"),
    ("Can I sleep with the compression sleeve on?", "swollen-arm.html", "taken off at night"),
    ("Why does morphine make me constipated?", "constipation.pdf", "slow the bowel down"),
    ("How quickly does macrogol work?", "constipation.pdf", "within three days"),
    ("When can I shower with a chest port?", "chest-port.md", "seventh day"),
    ("When can I shower with a feeding tube?", "feeding-tube.md", "two days after"),
    ("What are signs of infection of a port?", "chest-port.md", "fever or shivers"),
    ("What are signs of infection of the feeding tube?", "feeding-tube.md", "red, hot"),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    """Plain text, Markdown, HTML and PDF, on the base weights; two leaflets have sections of the same names."""
    docs = tmp_path_factory.mktemp("library") / "docs"
    shutil.copytree(LEAFLETS, docs)
    write_leaflet(docs / "constipation.pdf")
    bot = open_bot(Settings(docs=docs, index=tmp_path_factory.mktemp("library_index")))
    yield bot
    bot.close()


def documents_of(reply: Reply) -> set[str]:
    return {citation.document for citation in reply.citations}


@pytest.mark.parametrize(("question", "document", "words"), ANSWERED)
def test_the_right_leaflet_answers_and_no_other(library: Bot, question: str, document: str, words: str) -> None:
    reply = library.ask(question)
    assert reply.outcome is Outcome.ANSWERED
    assert documents_of(reply) == {document}
    assert words in reply.answer
    assert reply.source is not None
    assert reply.source.sha256 == library.retriever.index.documents[document].sha256


@pytest.mark.parametrize(("question", "document"), [line[:2] for line in ANSWERED])
def test_every_citation_resolves_and_names_its_place(library: Bot, question: str, document: str) -> None:
    """A page for the PDF, an anchor for the page, nothing for plain text; a forged one does not hold."""
    documents = library.retriever.index.documents
    for citation in library.ask(question).citations:
        assert resolves(citation, documents)
        assert citation.title == documents[document].title == citation.section[0]
        assert (citation.page is not None) == document.endswith(".pdf")
        assert not resolves(citation.model_copy(update={"page": 7}), documents)
        assert not resolves(citation.model_copy(update={"anchor": "forged"}), documents)


def test_a_question_that_two_leaflets_answer_is_answered_from_both(library: Bot) -> None:
    assert documents_of(library.ask("Can I have a shower?")) == {"feeding-tube.md", "chest-port.md"}


def test_what_a_leaflet_says_twice_is_said_once(tmp_path: Path) -> None:
    """The same words under two headings are one sentence of the answer; "what else?" does not bring them again."""
    (tmp_path / "docs").mkdir()
    text = "# Mouth care\n\n## By day\n\nRinse with salt water.\n\n## By night\n\nRinse with salt water.\n\nAvoid spicy food.\n"
    (tmp_path / "docs" / "mouth.md").write_text(text)
    bot = open_bot(Settings(docs=tmp_path / "docs", index=tmp_path / "index"))
    try:
        asked = "Should I rinse with salt water?"
        assert [one.text for one in bot.ask(asked).sentences] == ["Rinse with salt water."]
        assert "Rinse with salt water." not in [one.text for one in bot.ask("What else?", [asked]).sentences]
    finally:
        bot.close()


@pytest.mark.parametrize(
    "question", ["Who won the world cup?", "What is the capital of France?", "How do I grow tomatoes?", "How do I bake bread?"]
)
def test_off_topic_questions_are_refused_with_all_titles(library: Bot, question: str) -> None:
    reply = library.ask(question)
    assert reply.reason is Reason.OFF_TOPIC
    titles = {document.title for document in library.retriever.index.documents.values()}
    assert set(reply.related) == titles
    assert all(title in reply.answer for title in titles)


def test_what_no_leaflet_says_is_refused_with_the_nearest_first(library: Bot) -> None:
    reply = library.ask("How is the port changed?")
    assert reply.reason is Reason.NOT_COVERED
    assert reply.related[0] == "chest port"
    assert documents_of(reply) == {"chest-port.md"}
    assert reply.source is not None
    assert reply.source.sha256 == library.retriever.index.documents["chest-port.md"].sha256


def test_a_word_that_no_leaflet_has_finds_nothing_near(library: Bot) -> None:
    assert not library.ask("What is immunotherapy?").citations


@pytest.mark.parametrize("said", ["Hello", "Who are you?"])
def test_small_talk_names_all_leaflets(library: Bot, said: str) -> None:
    reply = library.ask(said)
    assert reply.outcome is Outcome.CONVERSATION
    assert "one article" not in reply.answer
    assert all(document.title in reply.answer for document in library.retriever.index.documents.values())


def test_the_terminal_names_page_and_anchor(library: Bot) -> None:
    assert "constipation.pdf, characters " in (shown := plain(library.ask("How quickly does macrogol work?"), width=100))
    assert ", page 2\n" in shown
    assert ", at #washing\n" in plain(library.ask("How do I wash the sleeve?"), width=100)


def test_the_page_shows_every_leaflet_and_each_citation_leads_to_its_sentence(library: Bot) -> None:
    """Each leaflet has a heading of its own; links to sections lead into the cited leaflet."""
    documents = list(library.retriever.index.documents.values())
    glossary = Glossary(documents)
    page = html.fromstring("".join(f"<div>{article_html(n, document, glossary)}</div>" for n, document in enumerate(documents)))
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert len(page.xpath("./div/h3[1]")) == len(documents)
    messages = Messages([document.name for document in documents], Sections(documents), glossary)
    for question, name, _ in ANSWERED:
        reply = library.ask(question)
        shown = html.fromstring(messages.replied(reply))
        targets = [link.get("href")[1:] for link in shown.find_class("citation")]
        assert [page.get_element_by_id(target).text_content() for target in targets] == [c.quote for c in reply.citations]
        inside = page.xpath("./div")[[document.name for document in documents].index(name)]
        links = [link.get("href")[1:] for link in shown.find_class("section")]
        assert len(links) == len(reply.related)
        assert all(inside.xpath(".//*[@id=$id]", id=target) for target in links)


def test_titles_lead_to_their_leaflets(library: Bot) -> None:
    sections = Sections(list(library.retriever.index.documents.values()))
    reply = library.ask("Who won the world cup?")
    targets = [sections.id(title) for title in reply.related]
    assert len(set(targets)) == len(library.retriever.index.documents)
    assert None not in targets
