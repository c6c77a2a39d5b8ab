"""The index: a no-op when nothing changed, small work for small changes, and never half of one."""

import json
import shutil
import time
from pathlib import Path

import pytest

from bot.opening import weights_for
from bot.settings import Settings, packaged_docs
from ingest.documents import read_documents
from ingest.embeddings import SentenceTransformerEmbeddings
from ingest.errors import ModelError, SourceError, StoreError
from ingest.index import Index, ingest, open_index, stale_because
from ingest.manifest import read_manifest
from ingest.passages import cut
from ingest.weights import PACKAGE_SHA256, Weights, find_weights
from tests.conftest import ARTICLE

WEIGHTS = weights_for(Settings())


def open_as_built(folder: Path, docs: Path | None = None) -> Index:
    """Open without building: fails where the index is not whole."""
    manifest = read_manifest(folder)
    assert manifest
    return Index(read_documents(docs or packaged_docs()), manifest, folder)


def add_sentence(docs: Path) -> None:
    path = docs / ARTICLE
    path.write_bytes(
        path.read_bytes().replace(b"Clinical trials are carefully", b"A new sentence. Clinical trials are carefully")
    )


def test_the_weights_are_the_known_ones() -> None:
    """Their hash is checked while an index is built."""
    assert find_weights().sha256() == PACKAGE_SHA256


def test_altered_weights_build_nothing(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"altered")
    altered = Weights(name="x", location=str(tmp_path), file=file, expected_sha256=PACKAGE_SHA256)
    with pytest.raises(ModelError, match="altered"):
        ingest(packaged_docs(), tmp_path / "index", altered)
    assert not list((tmp_path / "index").glob("store-*"))


def test_the_index_holds_what_the_cutter_cut(built_index: Path) -> None:
    """Chroma gives back every passage and sentence, with ids, offsets and sections as they were cut."""
    with open_as_built(built_index) as index:
        assert index.passages == {ARTICLE: cut(index.documents[ARTICLE])}


def test_search_gives_cosines_nearest_first(built_index: Path) -> None:
    embeddings = SentenceTransformerEmbeddings(WEIGHTS)
    with open_as_built(built_index) as index:
        found = index.search(embeddings.embed_query("radium for bone pain"), k=10)
        assert list(found.values()) == sorted(found.values(), reverse=True)
        assert all(-1 <= cosine <= 1 for cosine in found.values())
        assert len(index.search(embeddings.embed_query("x"), k=10_000)) == 149


def test_the_index_serves_langchain_as_a_vector_store(built_index: Path) -> None:
    with open_as_built(built_index) as index:
        store = index.vector_store(SentenceTransformerEmbeddings(WEIGHTS))
        best = store.similarity_search("What is a colostomy?", k=1)[0]
        start, end = best.metadata["start"], best.metadata["end"]
        assert index.documents[ARTICLE].text[start:end] == best.page_content
        assert "colostomy" in best.page_content


def test_unchanged_sources_are_a_no_op(index_folder: Path) -> None:
    begun = time.perf_counter()
    done = ingest(packaged_docs(), index_folder, WEIGHTS)
    assert (done.rebuilt, done.embedded) == (False, 0)
    assert time.perf_counter() - begun < 0.5


def test_a_changed_source_embeds_only_what_changed(index_folder: Path, docs_folder: Path) -> None:
    """One new sentence: itself and the passage that it stands in."""
    add_sentence(docs_folder)
    done = ingest(docs_folder, index_folder, WEIGHTS)
    assert (done.rebuilt, done.embedded, done.manifest.sentences) == (True, 2, 112)
    with open_as_built(index_folder, docs_folder) as index:
        assert any(s.text == "A new sentence." for p in index.passages[ARTICLE] for s in p.sentences)


def test_vectors_that_were_kept_are_the_ones_that_would_be_made(index_folder: Path, docs_folder: Path, tmp_path: Path) -> None:
    add_sentence(docs_folder)
    ingest(docs_folder, index_folder, WEIGHTS)
    ingest(docs_folder, tmp_path / "anew", WEIGHTS)
    question = SentenceTransformerEmbeddings(WEIGHTS).embed_query("How do I join a clinical trial?")
    with open_as_built(index_folder, docs_folder) as kept, open_as_built(tmp_path / "anew", docs_folder) as anew:
        assert kept.search(question, k=30) == pytest.approx(anew.search(question, k=30), abs=1e-5)


def test_equally_near_ones_are_cut_alike_in_every_index(index_folder: Path, docs_folder: Path) -> None:
    """Passages of one sentence, all the same: whichever the vector search finds first, the first by id are given."""
    (docs_folder / "more.md").write_text("# More\n\n" + "Ferrets sleep all day.\n\n" * 5)
    ingest(docs_folder, index_folder, WEIGHTS)
    question = SentenceTransformerEmbeddings(WEIGHTS).embed_query("How long do ferrets sleep?")
    with open_as_built(index_folder, docs_folder) as index:
        same = sorted(id for p in index.passages["more.md"] for id in (p.id, *(s.id for s in p.sentences)))
        assert [list(index.search(question, k=k)) for k in (3, 9, 10)] == [same[:3], same[:9], same[:10]]


def test_a_document_that_is_gone_is_gone_from_the_index(index_folder: Path, docs_folder: Path) -> None:
    (docs_folder / "more.md").write_text("# More\n\nAn extra text.")
    assert ingest(docs_folder, index_folder, WEIGHTS).embedded == 2
    (docs_folder / "more.md").unlink()
    assert ingest(docs_folder, index_folder, WEIGHTS).embedded == 0
    with open_as_built(index_folder, docs_folder) as index:
        assert list(index.passages) == [ARTICLE]


@pytest.mark.parametrize(
    ("field", "value"), [("schema_version", 0), ("cutter_version", 0), ("model", {"name": "other", "sha256": "0", "stamp": "0"})]
)
def test_an_index_of_another_making_is_rebuilt_whole(index_folder: Path, field: str, value: object) -> None:
    path = index_folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    assert stale_because(index_folder, read_documents(packaged_docs()), WEIGHTS)
    done = ingest(packaged_docs(), index_folder, WEIGHTS)
    assert (done.rebuilt, done.embedded) == (True, 149)


@pytest.mark.parametrize("damage", ["truncate", "flip", "delete", "delete store", "manifest"])
def test_a_damaged_index_is_built_again_by_itself(index_folder: Path, damage: str) -> None:
    store = next(index_folder.glob("store-*"))
    database = store / "chroma.sqlite3"
    data = bytearray(database.read_bytes())
    if damage == "truncate":
        database.write_bytes(data[:1000])
    if damage == "flip":
        data[len(data) // 2] ^= 1
        database.write_bytes(data)
    if damage == "delete":
        database.unlink()
    if damage == "delete store":
        shutil.rmtree(store)
    if damage == "manifest":
        (index_folder / "manifest.json").write_text("{")
    said: list[str] = []
    with open_index(packaged_docs(), index_folder, WEIGHTS, say=said.append) as index:
        assert sum(len(passage.sentences) for passage in index.passages[ARTICLE]) == 111
    assert len(said) == 1


def test_an_open_index_does_not_see_the_next_one(index_folder: Path, docs_folder: Path) -> None:
    """A reader keeps what it opened, whole, while a new index takes its place."""
    question = SentenceTransformerEmbeddings(WEIGHTS).embed_query("clinical trials")
    with open_as_built(index_folder) as index:
        before = index.search(question, k=20)
        add_sentence(docs_folder)
        ingest(docs_folder, index_folder, WEIGHTS)
        assert index.search(question, k=20) == before
        assert len(list(index_folder.glob("store-*"))) == 1


def test_reading_changes_no_file_of_the_index(index_folder: Path) -> None:
    before = {path: path.read_bytes() for path in index_folder.rglob("*") if path.is_file()}
    with open_as_built(index_folder) as index:
        index.search([0.1] * 384, k=5)
    assert before == {path: path.read_bytes() for path in index_folder.rglob("*") if path.is_file()}


def test_a_failed_ingest_leaves_the_last_good_index(index_folder: Path, docs_folder: Path) -> None:
    before = read_manifest(index_folder)
    (docs_folder / "bad.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SourceError):
        ingest(docs_folder, index_folder, WEIGHTS)
    assert read_manifest(index_folder) == before
    with open_as_built(index_folder) as index:
        assert index.passages


def test_foreign_folders_in_the_index_are_left_alone(index_folder: Path) -> None:
    (index_folder / "store-mine").mkdir()
    ingest(packaged_docs(), index_folder, WEIGHTS, force=True)
    assert (index_folder / "store-mine").is_dir()


def test_an_index_path_that_is_a_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("x")
    with pytest.raises(StoreError, match="index"):
        ingest(packaged_docs(), tmp_path / "index", WEIGHTS)
