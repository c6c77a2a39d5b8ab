"""PDF sources: their text in reading order, with the page of each sentence; what can't be read is refused in one line."""

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from fpdf import FPDF
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import pdf, pdf_pages
from ingest.documents import Document, read_document, read_documents
from ingest.errors import SourceError
from ingest.passages import cut
from ingest.pdf_lines import Line
from ingest.pdf_rows import with_whole_rows
from tests.pdfs import write_leaflet

READ = """Constipation from pain medicine
Strong pain medicines slow the bowel down. Almost everybody who takes morphine gets constipated, so do not wait for it to happen.
Drinking and eating
Drink two litres a day unless you were told to drink less. Prunes, pears and oatmeal soften the stool. \
Bran without enough fluid makes matters worse, and self-care has its limits.
Laxatives
Macrogol powder is dissolved in a glass of water and works within three days. It is self-care that many people prefer.
Senna tablets are taken at bedtime. They work overnight and may cause cramps.
When to ask for help
Call the ward when you have not opened your bowels for three days, or when you are sick and your belly is hard and swollen.\
""".split("\n")


@pytest.fixture(scope="module")
def leaflet(tmp_path_factory: pytest.TempPathFactory) -> Document:
    path = write_leaflet(tmp_path_factory.mktemp("pdf") / "constipation.pdf")
    return read_document(path, name=path.name)


def read(tmp_path: Path, pages: Sequence[Sequence[tuple[int, str]]]) -> list[str]:
    path = write_leaflet(tmp_path / "a.pdf", pages)
    return read_document(path, name="a.pdf").text.split("\n\n")


def test_the_leaflet_reads_as_it_was_written(leaflet: Document) -> None:
    """Headings by their size; wrapped lines joined; neither running header nor page number inside."""
    assert leaflet.text.split("\n\n") == READ


def test_headings_become_sections_and_the_first_the_title(leaflet: Document) -> None:
    """The title in the file is an old file's name and says nothing."""
    assert leaflet.title == "Constipation from pain medicine"
    sections = dict.fromkeys(passage.section.path for passage in cut(leaflet))
    assert [path[1:] for path in sections] == [(), ("Drinking and eating",), ("Laxatives",), ("When to ask for help",)]


def test_a_sentence_over_a_page_break_stays_whole_and_names_its_first_page(leaflet: Document) -> None:
    """Hyphens at line ends go where the word is written without one, and stay where it is written with one elsewhere."""
    pages = {s.text: leaflet.place(s.start).page for passage in cut(leaflet) for s in passage.sentences}
    assert pages["Bran without enough fluid makes matters worse, and self-care has its limits."] == 1
    assert pages["Macrogol powder is dissolved in a glass of water and works within three days."] == 2
    assert set(pages.values()) == {1, 2, 3}


def test_items_of_a_list_stand_alone(tmp_path: Path) -> None:
    """With their marks taken off; a number inside a sentence is none."""
    lines = [
        "Take along:",
        "- soup",
        "- tea and bread",
        "1. Wash your hands.",
        "2. Take from two up to",
        "10. No more than that.",
    ]
    found = read(tmp_path, [[(0, line) for line in lines]])
    # On the only page nothing tells its running header from the text.
    items = ["Take along:", "soup", "tea and bread", "Wash your hands.", "Take from two up to 10. No more than that."]
    assert found[1:] == items


def test_what_repeats_in_large_print_is_kept(tmp_path: Path) -> None:
    """Headings such as "Day 1" and "Day 2" are not the pages' numbers."""
    found = read(
        tmp_path, [[(2, f"Day {day}"), (0, f"Do exercise {word} slowly.")] for day, word in ((1, "a"), (2, "b"), (3, "c"))]
    )
    assert found == [
        *("Day 1", "Do exercise a slowly."),
        *("Day 2", "Do exercise b slowly."),
        *("Day 3", "Do exercise c slowly."),
    ]


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    page = FPDF()
    page.add_page()
    page.set_font("Helvetica", size=11)
    for row in range(8):
        page.text(20, 30 + 5 * row, f"Left line {row} of the first column goes")
        page.text(120, 30 + 5 * row, f"right line {row} of the second one goes")
    page.output(str(tmp_path / "a.pdf"))
    text = read_document(tmp_path / "a.pdf", name="a.pdf").text
    assert text.index("Left line 7") < text.index("right line 0")


def blank(path: Path) -> None:
    document = FPDF()
    document.add_page()
    document.rect(10, 10, 50, 50)
    document.output(str(path))


def truncated(path: Path) -> None:
    data = write_leaflet(path).read_bytes()
    path.write_bytes(data[:300])


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda path: write_leaflet(path, encrypted=True), "asks for a password"),
        (blank, "holds no text, only pictures"),
        (truncated, "damaged"),
        (lambda path: path.write_bytes(b"no PDF at all"), "damaged"),
        (lambda path: path.write_bytes(b""), "damaged"),
    ],
)
def test_what_cant_be_read_is_refused_by_name(tmp_path: Path, write: Callable[[Path], object], said: str) -> None:
    write(tmp_path / "bad.pdf")
    with pytest.raises(SourceError, match=r"bad\.pdf") as caught:
        read_documents(tmp_path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_unpacks_without_end_stops_its_reader_only(tmp_path: Path) -> None:
    """Its page's contents are eight gigabytes of zeros, packed twice."""
    write_bomb(tmp_path / "bomb.pdf")
    with pytest.raises(SourceError, match=r"bomb\.pdf takes too much memory"):
        read_documents(tmp_path)


def write_bomb(path: Path) -> None:
    packer = zlib.compressobj(9)
    begun = packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush the same bytes say the same again.
    again = packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH)
    contents = zlib.compress(begun + again * 2**9 + packer.flush(), 9)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 500 500] /Contents 4 0 R >>",
        b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n%s\nendstream" % (len(contents), contents),
    ]
    body = b"%PDF-1.4\n" + b"".join(b"%d 0 obj\n%s\nendobj\n" % numbered for numbered in enumerate(objects, 1))
    path.write_bytes(body + b"trailer << /Root 1 0 R /Size 5 >>\n%%EOF")


def test_too_many_pages_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "LARGEST", 1000)
    with pytest.raises(SourceError, match="more than 1,000"):
        pdf.extract(bytes(1001), tmp_path / "a.pdf")
    monkeypatch.setattr(pdf_pages, "PAGES", 2)
    path = write_leaflet(tmp_path / "a.pdf")
    with pytest.raises(MemoryError):
        list(pdf_pages.printed(path.read_bytes()))


words = st.text(st.sampled_from("ab AB.,!?-1() é*"), max_size=60)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pages=st.lists(st.lists(st.tuples(st.sampled_from([0, 0, 0, 1, 2]), words), max_size=8), min_size=1, max_size=3))
def test_every_sentence_is_an_exact_slice(tmp_path: Path, pages: list[list[tuple[int, str]]]) -> None:
    """Whatever is printed: it holds no text, or what is cut from it stands in its text, on one of its pages."""
    path = write_leaflet(tmp_path / "a.pdf", pages)
    try:
        document = read_document(path, name="a.pdf")
    except SourceError:
        return
    end = 0
    for passage in cut(document):
        for sentence in passage.sentences:
            assert document.text[sentence.start : sentence.end] == sentence.text == sentence.text.strip()
            assert end <= sentence.start < sentence.end
            end = sentence.end
            assert document.place(sentence.start).page in range(1, len(pages) + 1)


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_bytes_that_were_changed_are_read_or_refused(leaflet_bytes: bytes, data: st.DataObject) -> None:
    changed = bytearray(leaflet_bytes)
    for place in data.draw(st.lists(st.integers(0, len(changed) - 1), max_size=30)):
        changed[place] = data.draw(st.integers(0, 255))
    try:
        found = pdf.extract(bytes(changed), Path("changed.pdf"))
    except SourceError as error:
        assert "changed.pdf" in str(error)  # noqa: PT017 (most changes do no harm)
        return
    assert found.text.encode().decode() == found.text


@pytest.fixture(scope="module")
def leaflet_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_leaflet(tmp_path_factory.mktemp("pdf") / "a.pdf").read_bytes()


def test_words_far_apart_on_one_line_stay_together_and_columns_apart() -> None:
    """A gap that another line runs across is a justified line's; one that no line crosses lies between columns."""

    def line(text: str, left: float, right: float, bottom: float) -> Line:
        return Line(1, 0, text, left, right, bottom, bottom + 10, 10, bold=False)

    above = line("A whole line of this paragraph stands above", 0, 200, 112)
    pieces = [line("tell them when", 0, 70, 100), line("you would", 100, 200, 100)]
    column = line("Another column", 230, 400, 100)
    found = [one.text for one in with_whole_rows([above, *pieces, column])]
    assert found == [above.text, "tell them when you would", "Another column"]
