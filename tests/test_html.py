"""HTML sources: what a reader of the page sees becomes the text, and every sentence is an exact slice of it."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest import html
from ingest.documents import Document, Place, read_document, read_documents
from ingest.errors import SourceError
from ingest.extracted import Extracted
from ingest.passages import cut
from ingest.sidecar import Sidecar

LEAFLETS = Path(__file__).parent / "leaflets"
PAGE = Path("page.html")


def extracted(page: str | bytes) -> Extracted:
    return html.extract(page.encode() if isinstance(page, str) else page, PAGE)


def lines(page: str | bytes) -> list[str]:
    text = extracted(page).text
    return text.split("\n\n") if text else []


@pytest.fixture(scope="module")
def leaflet() -> Document:
    return read_document(LEAFLETS / "swollen-arm.html", name="swollen-arm.html")


def test_headings_become_sections_and_the_rest_paragraphs(leaflet: Document) -> None:
    """List items and cells stand alone, even where their end tags are missing."""
    found = [(passage.section.path, passage.text) for passage in cut(leaflet)]
    assert found[1] == (("Swollen arm", "Early signs"), "The arm feels heavy or tight.")
    assert found[2] == (("Swollen arm", "Early signs"), "A ring or a watch no longer fits.")
    assert (("Swollen arm", "The compression sleeve"), "Six months of daily wear.") in found
    assert found[-1] == (("Swollen arm", "Looking after the skin"), "Blood pressure should be taken on the other arm.")


@pytest.mark.parametrize("unread", ["Riverside", "Signs", "printer only", "Donate", "recycled", "changed", "color"])
def test_what_surrounds_the_text_is_left_out(leaflet: Document, unread: str) -> None:
    assert unread not in leaflet.text


def test_the_declared_charset_counts(leaflet: Document) -> None:
    """The leaflet is ISO 8859-1, and its entities and wrapped lines read as in a browser."""
    assert "A naïve wearer" in leaflet.text
    assert "after lymph nodes were taken out of the armpit — or after" in leaflet.text


@pytest.mark.parametrize(
    "page",
    [
        "<p>naïve".encode(),
        "<p>naïve".encode("utf-8-sig"),
        "<p>naïve".encode("utf-16"),
        b'<meta charset="windows-1252"><p>na\xefve',
        b'<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-15"><p>na\xefve',
        b'<?xml version="1.0" encoding="latin-1"?><html><body><p>na\xefve',
        b"<p>na&iuml;ve",
        b"<p>na&#239;ve",
    ],
)
def test_charsets(page: bytes) -> None:
    assert lines(page) == ["naïve"]


def test_a_place_is_the_nearest_id_before_it(leaflet: Document) -> None:
    places = {text: leaflet.place(leaflet.text.index(text)) for text in ("Lymphoedema", "Put it on", "A naïve", "Small cuts")}
    assert [place.anchor for place in places.values()] == [None, "sleeve", "washing", "skin"]
    assert places["Put it on"] == Place(page=None, anchor="sleeve")


def test_an_id_inside_a_line_begins_there() -> None:
    page = extracted('<p>One. <a name="two">Two.</a> <span id="three">Three.</span></p><div id="four"></div><p>Four.')
    assert [page.anchor(page.text.index(word)) for word in ("One", "Two", "Three", "Four")] == [None, "two", "three", "four"]


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("<title>Site | Page</title><h1>Fatigue</h1><p>Text.", "Fatigue"),
        ("<title>Fatigue</title><h1>One</h1><p>Text.<h1>Two</h1><p>Text.", "Fatigue"),
        ("<header><h1>Fatigue</h1></header><p>Text.", "Fatigue"),
        ("<p>Text.", "page"),
    ],
)
def test_the_title_is_the_one_first_heading_or_the_pages(tmp_path: Path, page: str, title: str) -> None:
    (tmp_path / "page.html").write_text(page)
    assert read_documents(tmp_path)[0].title == title


@pytest.mark.parametrize(
    ("page", "read"),
    [
        ("<p>One<p>Two", ["One", "Two"]),
        ("One<br>line<br> <br>Two", ["One line", "Two"]),
        ("<p>A <b>bold</b>, <i>slanted</i> word", ["A bold, slanted word"]),
        ("</p></div>Loose <foo>text", ["Loose text"]),
        ("<p>a &amp; b &lt;c&gt; &bogus; &#0;d", ["a & b <c> &bogus; �d"]),
        ("<ul><li hidden>No<li>Yes</ul>", ["Yes"]),
        ('<p style="display: none">No</p>Yes', ["Yes"]),
        ("<div aria-hidden=true>No</div>Yes", ["Yes"]),
        ("Yes<nav>No", ["Yes"]),
        ("<p>Be<!-- no -->fore<script>No</script> after", ["Before after"]),
        ("<td>One<td>Two", ["One", "Two"]),
        ("<p>soft&shy;ware", ["software"]),
        ("<p>***</p><p>One", ["One"]),
        ("<!doctype html", []),
        ("", []),
    ],
)
def test_broken_pages_are_read_as_far_as_they_go(page: str, read: list[str]) -> None:
    assert lines(page) == read


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (b"<p>na\xefve", "byte 0xef at offset 5"),
        (b"<meta charset=klingon><p>x", "charset 'klingon'"),
        (b"<meta charset=rot13><p>x", "charset 'rot13'"),
        (b"<div>" * 100_000 + b"x", "too deeply"),
        (b"<p>x</p>" * (html.LARGEST // 8 + 1), "bytes"),
        (b"<p></p>", "holds no text"),
    ],
)
def test_what_cant_be_read_is_refused_by_name(tmp_path: Path, page: bytes, said: str) -> None:
    (tmp_path / "bad.html").write_bytes(page)
    with pytest.raises(SourceError, match=r"bad\.html") as caught:
        read_documents(tmp_path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_page_of_many_pieces_takes_time_in_proportion() -> None:
    """Neither a paragraph of 40,000 pieces nor as many hidden ones keep the program busy."""
    assert len(lines(b"<p>" + b"<b>x</b>" * 40_000)) == 1
    assert lines(b"<p>" + b"<b hidden>x</b>y" * 40_000) == ["y" * 40_000]


markup = st.lists(
    st.sampled_from(
        """<p>|</p>|<h1>|<h2 id=a>|</h2>|<li>|<td>|<table>|<nav>|</nav>|<b hidden>|</b>|<br>|&amp;|&#xD800;|&nbsp;|<!--|-->
        |<![CDATA[|]]>|<script>|</script>|<title>|<a name=b>|</a>|<|>|&|"|One.|Two.|three,|é|\ufeff|\x00|\x0c|<svg>|<math>
        |</html>|<style>""".split("|")
    ),
    max_size=40,
).map(lambda pieces: " ".join(pieces).encode())


@settings(deadline=None)
@given(page=st.one_of(markup, st.binary(max_size=200)))
@example(page=b"<p>One. <b>Two.</b></p>\x00<li>Three")
def test_every_sentence_is_an_exact_slice(page: bytes) -> None:
    """Whatever the bytes: it can't be read, or what is cut from it stands in its text, which is plain UTF-8."""
    try:
        found = html.extract(page, PAGE)
    except SourceError:
        return
    assert found.text.encode().decode() == found.text
    document = Document("page.html", found.text, "0" * 64, Sidecar(), found)
    end = 0
    for passage in cut(document):
        for sentence in passage.sentences:
            assert found.text[sentence.start : sentence.end] == sentence.text == sentence.text.strip()
            assert end <= sentence.start < sentence.end
            end = sentence.end
            document.place(sentence.start)
