"""Sources are read exactly as they stand, or refused in one line that says why."""

import hashlib
from pathlib import Path

import pytest

from bot.chain import Bot
from ingest.documents import Document, read_documents
from ingest.errors import SourceError


def test_the_article_is_the_owners_letter_for_letter(article: Document) -> None:
    """The text in the repository is the one that the owner gave."""
    assert article.sha256 == "adcfcaad6ee4ece3135bcdda6780bb0e7f5d0826e0798ae060ba976ed48f7cd4"
    assert article.sha256 == hashlib.sha256(article.text.encode()).hexdigest()


def test_the_sidecar_tells_what_the_text_cannot(article: Document) -> None:
    sidecar = article.sidecar
    assert (sidecar.title, sidecar.publisher) == ("Treating Advanced Cancer", "American Cancer Society")
    assert str(sidecar.revised) == "2016-12-16"
    assert sidecar.rights is not None
    assert "not under the project's licence" in sidecar.rights
    assert [h.title for h in sidecar.outline if h.before] == ["Radiopharmaceuticals", "Chemotherapy", "Immunotherapy"]


def test_line_ends_and_marks_stay_as_they_are(tmp_path: Path) -> None:
    """Offsets count the characters of the file, so nothing may be normalised away."""
    (tmp_path / "a.txt").write_bytes("\ufeffOne.\r\n\r\nTwo\u00a0é.\r\n".encode())
    assert read_documents(tmp_path)[0].text == "\ufeffOne.\r\n\r\nTwo\u00a0é.\r\n"


def test_hidden_and_foreign_files_are_left_out(tmp_path: Path) -> None:
    for name in (".hidden.txt", "notes.docx", "b.md", "sub/c.txt", ".git/d.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("Text.")
    assert [document.name for document in read_documents(tmp_path)] == ["b.md", "sub/c.txt"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"caf\xe9 is not UTF-8", "byte 0xe9 at offset 3"),
        ("UTF-16".encode("utf-16"), "UTF-16"),
        ("UTF-16 without a mark".encode("utf-16-le"), "NUL"),
        (b"", "holds no text"),
        (b"\xef\xbb\xbf \n\n", "holds no text"),
    ],
)
def test_what_is_no_text_is_refused_by_name(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "bad.txt").write_bytes(data)
    with pytest.raises(SourceError, match=r"bad\.txt") as caught:
        read_documents(tmp_path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["missing", "empty", "file"])
def test_a_folder_without_sources_is_refused(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "docs"
    if kind == "empty":
        folder.mkdir()
    if kind == "file":
        folder.write_text("x")
    with pytest.raises(SourceError, match="docs"):
        read_documents(folder)


@pytest.mark.parametrize("sidecar", ["titel = 'x'", "title = ", "revised = 'soon'", "outline = 3", 'title = "a\\nb"', "\xff"])
def test_a_malformed_sidecar_is_refused_by_name(tmp_path: Path, sidecar: str) -> None:
    (tmp_path / "a.txt").write_text("Text.")
    (tmp_path / "a.toml").write_bytes(sidecar.encode("latin-1"))
    with pytest.raises(SourceError, match=r"a\.toml"):
        read_documents(tmp_path)


def test_the_questions_to_begin_with_are_answered(bot: Bot, article: Document) -> None:
    """Who presses the first button must not be told that the article does not say."""
    replies = {question: bot.ask(question) for question in article.sidecar.starters}
    assert replies
    assert {question: reply.outcome.value for question, reply in replies.items()} == dict.fromkeys(replies, "answered")
    assert not any(reply.flags for reply in replies.values())
