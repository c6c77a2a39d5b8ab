"""The pages for those who deploy and carry on name only what there is."""

import ast
import re
from pathlib import Path

import pytest

from bot.web.measured import measured
from tests.conftest import ROOT

PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "SECURITY.md", ROOT / "CONTRIBUTING.md"])
CODE = re.compile(r"`([^`\n]+)`")
A_TEST = re.compile(r"(?:Test\w+::)?test_\w+")
LINK = re.compile(r"\]\(([^)#\s]+)|\bsrc=\"([^\"]+)\"")
A_FILE = re.compile(r"(?:[\w.-]+/)*[\w-]+\.(?:py|md|toml|jsonl|npz|txt|lock)")


# A figure of "About", and the row and the column of docs/quality.md where it stands.
SHOWN = {
    "390 questions: right": ("correct (dense only)", "fresh"),
    "No wrong answer: silent, or with the evidence": ("no wrong answer (dense only)", "fresh"),
    "Silent where the article does not say": ("silent where the article does not say", "this program"),
    "144 real patients' questions: right": ("correct (dense only)", "real"),
    "144 real patients' questions: no wrong answer": ("no wrong answer (dense only)", "real"),
}


def tables(page: str) -> list[list[list[str]]]:
    """Each table of a page as its rows of cells, the head first, without the line under it."""
    found = [one.splitlines() for one in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE)]
    return [[[cell.strip(" *") for cell in row.split("|")[1:-1]] for row in rows if "---" not in row] for rows in found]


def test_the_figures_of_about_are_the_measured_ones() -> None:
    """Read from the page about quality: rows by their name, columns by their head."""
    quality = tables((ROOT / "docs" / "quality.md").read_text(encoding="utf-8"))
    stands = {
        (row[0], head): cell for head_row, *rows in quality for row in rows for head, cell in zip(head_row, row, strict=True)
    }
    shown = dict(measured())
    assert set(shown) == set(SHOWN)
    for name, place in SHOWN.items():
        assert shown[name].removesuffix(" %") == re.match(r"[*]*([\d.]+)", stands[place])[1], name  # type: ignore[index]


def names_in(file: Path) -> set[str]:
    """The names of a file's tests, those of a class after its name."""
    found: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)}
    return found


def named_tests(page: str) -> list[tuple[str, str]]:
    """(file, test) for each test that a page names, which stands after the file that it is in."""
    found, file = [], ""
    for code in CODE.findall(page):
        if re.fullmatch(r"tests/\w+\.py", code):
            file = code
        elif A_TEST.fullmatch(code):
            found.append((file, code))
    return found


def test_the_hazard_log_names_a_test_for_every_hazard() -> None:
    rows = re.findall(r"^\| \d+ \|.*$", (ROOT / "docs" / "hazard-log.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert rows
    assert not [row[:80] for row in rows if not named_tests(row)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    named = named_tests(page.read_text(encoding="utf-8"))
    assert not [f"{file}::{test}" for file, test in named if not file or test not in names_in(ROOT / file)]


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = [first or second for first, second in LINK.findall(page.read_text(encoding="utf-8"))]
    assert not [link for link in links if "://" not in link and not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    named = {code for code in CODE.findall(page.read_text(encoding="utf-8")) if A_FILE.fullmatch(code)}
    places = (ROOT, ROOT / "bot", ROOT / "docs_source" / "treating-advanced-cancer.tuned")
    assert not [name for name in sorted(named) if not any((place / name).exists() for place in places)]
