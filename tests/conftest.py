"""Shared by every test: an environment that can't leak in, and one index that is built once."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.chain import Bot
from bot.opening import open_bot, weights_for
from bot.safety.hearing import Hearing
from bot.settings import Settings, packaged_docs
from ingest.compiled import query_embeddings
from ingest.documents import Document, read_document
from ingest.index import ingest
from tests.leaflet import TEXT, Place, copy_index
from tests.prepared import Prepared

ROOT = Path(__file__).resolve().parent.parent
ARTICLE = "treating-advanced-cancer.txt"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the person who runs the tests, and no `.env` of the folder they stand in, changes a result."""
    for name in list(os.environ):
        if name.upper().startswith(("CANCER_BOT_", "CHROMA", "LANGSMITH", "LANGCHAIN", "HF_", "TRANSFORMERS_", "OTEL_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def article() -> Document:
    return read_document(packaged_docs() / ARTICLE, name=ARTICLE)


@pytest.fixture(scope="session")
def built_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The article's index, built once with the real weights; never written again."""
    folder = tmp_path_factory.mktemp("built")
    weights = weights_for(Settings())
    ingest(packaged_docs(), folder, weights)
    query_embeddings(folder, weights, lambda: ["What is ablation?"])
    Hearing(folder).load()
    return folder


@pytest.fixture
def index_folder(built_index: Path, tmp_path: Path) -> Path:
    """A copy of the index that a test may change."""
    return copy_index(built_index, tmp_path / "index")


@pytest.fixture
def docs_folder(tmp_path: Path) -> Path:
    """A copy of the sources that a test may change."""
    return Path(shutil.copytree(packaged_docs(), tmp_path / "docs"))


@pytest.fixture(scope="session")
def bot(built_index: Path) -> Iterator[Bot]:
    opened = open_bot(Settings(index=built_index))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def prepared() -> Iterator[Prepared]:
    """The command without its imports; see `tests/prepared.py`."""
    with Prepared() as process:
        yield process


@pytest.fixture(scope="session")
def built_leaflet(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A small source and its index, built once; never written again."""
    folder = tmp_path_factory.mktemp("leaflet")
    place = Place(prepared, folder / "docs", folder / "index")
    place.docs.mkdir()
    place.source.write_text(TEXT, encoding="utf-8")
    assert place.ingest().status == 0
    return place


@pytest.fixture
def leaflet(built_leaflet: Place, tmp_path: Path) -> Place:
    """A copy of that source and its index which a test may change."""
    return built_leaflet.copy(tmp_path)
