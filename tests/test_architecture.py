"""Data goes one way: who may import whom."""

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.conftest import ROOT

MODULES = sorted(path for folder in ("bot", "ingest", "prompts") for path in (ROOT / folder).rglob("*.py"))
DOORS = ("bot.cli", "bot.__main__", "bot.web")


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imports(path: Path) -> set[str]:
    """Every module that a module imports, at its top or inside a function."""
    return imports_of(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imports_of(nodes: Iterable[ast.AST]) -> set[str]:
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_one_way(path: Path) -> None:
    """`ingest` and `prompts` know nothing of `bot`; nothing but another door imports a door."""
    module, imported = name_of(path), imports(path)
    if not module.startswith("bot"):
        assert not [name for name in imported if name.split(".")[0] == "bot"]
    if not module.startswith(DOORS):
        assert not [name for name in imported if name.startswith(DOORS)]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_heavy_libraries_wait_for_the_function_that_needs_them(path: Path) -> None:
    top = imports_of(ast.parse(path.read_text(encoding="utf-8")).body)
    assert not {name.split(".")[0] for name in top} & {
        "torch",
        "sentence_transformers",
        "chromadb",
        "gradio",
        "langchain_chroma",
        "bm25s",
    }


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 260


def layers() -> dict[str, int]:
    """Each module with the number of its layer in the architecture page, 0 the topmost."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = [line.split()[1:] for line in page.partition("```layers\n")[2].partition("```")[0].splitlines()]
    names = {name_of(path).removesuffix(".__init__") for path in MODULES}
    place: dict[str, int] = {}
    for number, row in enumerate(rows):
        for given in row:
            found = {name for name in names if name == given or (given.endswith(".*") and f"{name}.".startswith(given[:-1]))}
            assert found, f"{given} of the architecture page is no module"
            assert not found & place.keys(), f"{given} stands twice"
            place |= dict.fromkeys(found, number)
    assert names == place.keys()
    return place


def test_the_architecture_page_is_true() -> None:
    """Every module has a layer, and imports only from its own or from those below it."""
    place = layers()
    upward = [
        f"{module} imports {imported}"
        for path in MODULES
        for module in [name_of(path).removesuffix(".__init__")]
        for imported in imports(path)
        if place.get(imported, len(place)) < place[module]
    ]
    assert not upward
