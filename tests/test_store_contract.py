"""What an index promises, the same for a folder and for a Chroma server: both are asked the same questions."""

import contextlib
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.chain import Bot
from bot.doctor import examine
from bot.following import Following
from bot.opening import open_bot, weights_for
from bot.settings import Settings, SettingsError, packaged_docs, read_settings
from ingest.documents import read_documents
from ingest.embeddings import SentenceTransformerEmbeddings
from ingest.errors import StoreBusyError, StoreError
from ingest.index import Index, _build, damage, ingest, matches, open_index, stale_because
from ingest.lease import Lease
from ingest.passages import cut
from ingest.reading import versions_of
from ingest.server import Server, open_server
from ingest.shared import GRACE
from ingest.snapshot import DamagedStoreError
from tests.chroma import ChromaServer, chroma
from tests.conftest import ARTICLE

WEIGHTS = weights_for(Settings())
ROWS = 149
ADDED = "Ferrets were mentioned in a new sentence."


@pytest.fixture(scope="module")
def built_server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a server that holds the article's index; never written again."""
    folder = tmp_path_factory.mktemp("server") / "data"
    with chroma(folder) as server:
        ingest(packaged_docs(), Server.from_url(server.url, folder.parent / "cache"), WEIGHTS)
    return folder


@pytest.fixture
def server(built_server: Path, tmp_path: Path) -> Iterator[ChromaServer]:
    """A server over a copy of that data."""
    with chroma(Path(shutil.copytree(built_server, tmp_path / "chroma"))) as started:
        yield started


@pytest.fixture(params=["folder", "server"])
def settings(request: pytest.FixtureRequest, index_folder: Path, docs_folder: Path) -> Settings:
    """The built index in either place, over sources that a test may change."""
    url = request.getfixturevalue("server").url if request.param == "server" else ""
    return Settings(docs=docs_folder, index=index_folder, chroma_url=url)


@pytest.fixture
def shared(server: ChromaServer, docs_folder: Path, tmp_path: Path) -> Settings:
    """The built index on a server."""
    return Settings(docs=docs_folder, index=tmp_path / "cache", chroma_url=server.url)


def opened(settings: Settings) -> Index:
    """Open without building: fails where the index is not whole."""
    documents = read_documents(settings.docs)
    manifest = matches(settings.place, documents, WEIGHTS)
    assert manifest
    return Index(documents, manifest, settings.place)


def change(settings: Settings) -> None:
    path = settings.docs / ARTICLE
    path.write_bytes(
        path.read_bytes().replace(b"Clinical trials are carefully", f"{ADDED} Clinical trials are carefully".encode())
    )


def test_it_holds_what_the_cutter_cut(settings: Settings) -> None:
    with opened(settings) as index:
        assert index.passages == {ARTICLE: cut(index.documents[ARTICLE])}
        found = index.search(SentenceTransformerEmbeddings(WEIGHTS).embed_query("radium for bone pain"), k=10_000)
        assert len(found) == ROWS
        assert list(found.values()) == sorted(found.values(), reverse=True)
        assert damage(settings.place, list(index.documents.values()), index.manifest) is None


def test_both_places_give_the_same_answers(settings: Settings, bot: Bot) -> None:
    other = open_bot(settings, before=bot)
    for question in ("Is the patient awake during RFA?", "What is a colostomy?", "How much does RFA cost?"):
        expected, given = bot.ask(question), other.ask(question)
        # Vectors that came over a wire as text differ in the seventh decimal.
        assert given.answerability == pytest.approx(expected.answerability, abs=1e-4)
        measured = {"milliseconds": None, "answerability": None}
        assert given.model_copy(update=measured) == expected.model_copy(update=measured)
    other.close()


def test_a_large_index_is_read_piece_by_piece_and_answers_alike(
    settings: Settings, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few passages are read for a question, and the best sentences are those of a look at every one."""
    monkeypatch.setattr("ingest.reading.SMALL", 0)
    monkeypatch.setattr("bot.retrieval.NEAREST", 24)
    monkeypatch.setattr("bot.retrieval.BEST", 8)
    other = open_bot(settings, before=bot)
    for question in ("Is the patient awake during RFA?", "What is a colostomy?", "Does radium help with bone pain?"):
        every, found = bot.retriever.search(question), other.retriever.search(question)
        assert len(found.candidates) < len(every.candidates)
        assert [(c.passage, c.sentence) for c in found.candidates[:3]] == [(c.passage, c.sentence) for c in every.candidates[:3]]
        assert (found.coverage, found.known) == (every.coverage, every.known)
        assert found.passage_dense == pytest.approx(every.passage_dense, abs=1e-5)
        assert [c.quote for c in other.ask(question).citations] == [c.quote for c in bot.ask(question).citations]
    passages, expected = other.retriever.index.passages[ARTICLE], bot.retriever.index.passages[ARTICLE]
    assert (len(passages), passages[3], passages[-2:], tuple(passages)) == (
        len(expected),
        expected[3],
        tuple(expected[-2:]),
        tuple(expected),
    )
    other.close()


def test_a_store_that_was_patched_often_is_written_anew(index_folder: Path, docs_folder: Path) -> None:
    """Small changes are patched into a copy; when half of the vectors came or went, the graph is built afresh."""
    (docs_folder / "more.md").write_text("# More\n\nAn extra text.", encoding="utf-8")
    weights = replace(WEIGHTS, tuning=None)
    ingest(docs_folder, index_folder, weights, force=True)
    (docs_folder / "more.md").write_text("# More\n\nAnother text.", encoding="utf-8")
    assert ingest(docs_folder, index_folder, weights).manifest.patched == 4
    path = index_folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "patched": ROWS // 2}))
    (docs_folder / "more.md").write_text("# More\n\nA third text.", encoding="utf-8")
    done = ingest(docs_folder, index_folder, weights)
    assert (done.manifest.patched, done.embedded) == (0, 2)


def test_langchain_finds_the_same(settings: Settings) -> None:
    with opened(settings) as index:
        best = index.vector_store(SentenceTransformerEmbeddings(WEIGHTS)).similarity_search("What is a colostomy?", k=1)[0]
        assert index.documents[ARTICLE].text[best.metadata["start"] : best.metadata["end"]] == best.page_content


def test_nothing_to_do_is_seen_quickly_and_a_change_embeds_what_changed(settings: Settings) -> None:
    done = ingest(settings.docs, settings.place, WEIGHTS)
    assert (done.rebuilt, done.embedded) == (False, 0)
    assert done.seconds < 2
    change(settings)
    assert stale_because(settings.place, read_documents(settings.docs), WEIGHTS) == "the sources have changed"
    done = ingest(settings.docs, settings.place, WEIGHTS)
    assert (done.rebuilt, done.embedded, done.manifest.sentences) == (True, 2, 112)
    with opened(settings) as index:
        assert any(s.text == ADDED for p in index.passages[ARTICLE] for s in p.sentences)


def test_a_reader_finishes_on_the_version_that_it_opened(settings: Settings) -> None:
    with opened(settings) as index:
        before = index.search([0.1] * 384, k=20)
        change(settings)
        ingest(settings.docs, settings.place, WEIGHTS)
        assert index.search([0.1] * 384, k=20) == before


def test_a_running_program_goes_over_to_a_new_version(settings: Settings, bot: Bot) -> None:
    """Not to one of other sources than its own, and without a moment in which it can't answer."""
    taken: list[Bot] = []
    said: list[str] = []
    first = open_bot(settings, before=bot)
    following = Following(settings, first, taken.append, said.append)
    with contextlib.closing(following):
        assert not following.look()
        old = (settings.docs / ARTICLE).read_bytes()
        change(settings)
        ingest(settings.docs, settings.place, WEIGHTS)
        new = (settings.docs / ARTICLE).read_bytes()
        (settings.docs / ARTICLE).write_bytes(old)
        assert not following.look()
        assert "other sources" in said[-1]
        (settings.docs / ARTICLE).write_bytes(new)
        assert following.look()
        assert not following.look()
    assert ADDED in [c.quote for c in taken[0].ask("Are ferrets mentioned?").citations]
    assert first.ask("What is RFA?").citations
    assert taken[0].retriever.embeddings is first.retriever.embeddings
    for one in (first, *taken):
        one.close()


def test_readers_never_meet_a_gap(settings: Settings) -> None:
    """While versions are switched, whoever opens one gets a whole one, old or new."""
    changed = threading.Event()
    problems: list[BaseException] = []
    seen: set[int] = set()

    def read() -> None:
        documents = read_documents(settings.docs)
        while not changed.is_set():
            try:
                manifest = matches(settings.place, documents, WEIGHTS)
                assert manifest
                with Index(documents, manifest, settings.place) as index:
                    seen.add(len(index.search([0.1] * 384, k=200)))
            except DamagedStoreError:
                # The folder's store went between the look and the copy; `open_index` looks again.
                assert isinstance(settings.place, Path)
            except BaseException as error:  # noqa: BLE001 (whatever it is, the test has to fail with it)
                problems.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    with contextlib.closing(versions_of(settings.place)) as versions:
        for _ in range(5):
            with versions.writing(None):
                _build(versions, read_documents(settings.docs), WEIGHTS, reuse=True, progress=None)
    changed.set()
    reader.join()
    assert problems == []
    assert seen == {ROWS}


def killed_after(settings: Settings, moment: Callable[[], bool]) -> None:
    """Run `cancer-bot ingest --force` in a process of its own and kill it at a moment."""
    environment = {**os.environ, "CANCER_BOT_DOCS": str(settings.docs), "CANCER_BOT_INDEX": str(settings.index)}
    environment["CANCER_BOT_CHROMA_URL"] = settings.chroma_url
    command = [sys.executable, "-m", "bot", "ingest", "--force"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not moment():
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)


def in_the_making(settings: Settings) -> list[str]:
    """Versions that are there and not live."""
    live = matches(settings.place, read_documents(settings.docs), WEIGHTS)
    assert live
    if isinstance(settings.place, Path):
        return [path.name for path in settings.place.glob("store-*") if path.name != live.store]
    with open_server(settings.place) as client:
        return [c.name for c in client.list_collections() if len(c.name) == 43 and c.name != live.store]


def test_a_killed_writer_leaves_the_old_version_and_keeps_nobody_out(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    killed_after(settings, lambda: bool(in_the_making(settings)))
    assert in_the_making(settings)
    with opened(settings) as index:
        assert len(index.search([0.1] * 384, k=200)) == ROWS
    monkeypatch.setattr("ingest.shared.LEASE_SECONDS", 1.0)
    change(settings)
    assert ingest(settings.docs, settings.place, WEIGHTS).embedded == 2
    with opened(settings) as index:
        assert len(index.search([0.1] * 384, k=200)) == ROWS + 1


def test_an_index_of_another_making_or_gone_is_built_again(settings: Settings) -> None:
    with contextlib.closing(versions_of(settings.place)) as versions:
        manifest = versions.manifest()
        assert manifest
        versions.discard(manifest.store)
    said: list[str] = []
    open_index(settings.docs, settings.place, WEIGHTS, say=said.append).close()
    assert len(said) == 1
    change(settings)
    with pytest.raises(StoreError, match="has to be built"):
        open_index(settings.docs, settings.place, WEIGHTS, build=False)


def test_doctor_and_ingest_tell_the_truth(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from bot.cli import main

    for name in ("docs", "index", "chroma_url"):
        monkeypatch.setenv(f"CANCER_BOT_{name.upper()}", str(getattr(settings, name)))
    check = next(check for check in examine() if check.name == "index")
    assert check.ok
    assert str(settings.place) in check.detail
    monkeypatch.setattr(sys, "argv", ["cancer-bot", "ingest", "--json"])
    with pytest.raises(SystemExit):
        main()
    assert json.loads(capsys.readouterr().out)["index"] == str(settings.place)
    change(settings)
    check = next(check for check in examine() if check.name == "index")
    assert (check.ok, check.fix) == (False, "run cancer-bot ingest")


# From here on: what only a server can do to us.


def test_a_changed_word_on_the_server_is_noticed(shared: Settings) -> None:
    """Nothing that differs from the sources is ever read, and opening it anew mends it."""
    with opened(shared) as index:
        store, passage = index.manifest.store, index.passages[ARTICLE][3]
    assert isinstance(shared.place, Server)
    with open_server(shared.place) as client:
        collection = client.get_collection(store, embedding_function=None)
        vector: list[Sequence[float] | Sequence[int]] = [[0.1] * 384]
        collection.update(ids=[passage.id], documents=[passage.text.replace(" the ", " thee ", 1)], embeddings=vector)
    with pytest.raises(DamagedStoreError, match="another passage"):
        opened(shared)
    said: list[str] = []
    open_index(shared.docs, shared.place, WEIGHTS, say=said.append).close()
    assert "damaged" in said[0]


def test_a_broken_catalogue_of_this_machine_is_made_again(shared: Settings) -> None:
    opened(shared).close()
    file = next(shared.index.glob("catalogue-*/data.csc.index.npy"))
    whole = file.read_bytes()
    file.write_bytes(whole[:-8] + b"\x00" * 8)
    opened(shared).close()
    assert next(shared.index.glob("catalogue-*/data.csc.index.npy")).read_bytes() == whole


def test_a_server_that_goes_and_comes_back_needs_no_repair(shared: Settings, server: ChromaServer, bot: Bot) -> None:
    asker = open_bot(shared, before=bot)
    question = "Is the patient awake during RFA?"
    before = asker.ask(question).answer
    server.stop()
    with pytest.raises(StoreError, match=f"There is no Chroma server at {server.url}"):
        asker.ask(question)
    server.start()
    assert asker.ask(question).answer == before
    asker.close()


def test_an_old_version_goes_after_its_grace(shared: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(shared.place, Server)
    ingest(shared.docs, shared.place, WEIGHTS, force=True)
    assert len(in_the_making(shared)) == 1
    ingest(shared.docs, shared.place, WEIGHTS)
    assert len(in_the_making(shared)) == 1
    now = time.time()
    monkeypatch.setattr("ingest.shared.time.time", lambda: now + GRACE + 1)
    assert not ingest(shared.docs, shared.place, WEIGHTS).rebuilt
    assert in_the_making(shared) == []


def test_one_writer_at_a_time(shared: Settings) -> None:
    """A second one waits; who stood still and lost the lease switches nothing."""
    assert isinstance(shared.place, Server)
    with open_server(shared.place) as client:
        first, second = (Lease(shared.place, client, seconds=1.2) for _ in range(2))
        first.acquire(None)
        with pytest.raises(StoreBusyError):
            second.acquire(None, patience=3)
        # A writer that was stopped (its machine slept) beats no more.
        first._done.set()
        second.acquire(None, patience=10)
        with pytest.raises(StoreBusyError, match="took over"):
            first.check()
        second.check()
        second.release()
        third = Lease(shared.place, client)
        third.acquire(None, patience=3)
        third.release()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("localhost:8000", "give it as http://host:8000"),
        ("ftp://localhost", "give it as http://host:8000"),
        ("http://", "give it as http://host:8000"),
        ("http://host:99999", "give it as http://host:8000"),
        ("http://host:8000/path", "something after the port"),
    ],
)
def test_a_url_that_is_none_is_one_line(url: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANCER_BOT_CHROMA_URL", url)
    with pytest.raises(SettingsError, match=said) as raised:
        read_settings()
    assert "\n" not in str(raised.value)


def test_addresses_and_their_tokens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert str(Server.from_url("https://index.example", tmp_path)) == "https://index.example:443"
    assert Server.from_url("http://[::1]", tmp_path).port == 8000
    assert Server.from_url("http://s3cret@host", tmp_path).headers == (("Authorization", "Bearer s3cret"),)
    assert Server.from_url("http://a:b@host", tmp_path).headers == (("Authorization", "Basic YTpi"),)
    assert "s3cret" not in f"{Server.from_url('http://s3cret@host', tmp_path)!r}"
    monkeypatch.setenv("CANCER_BOT_CHROMA_URL", "http://s3cret@host:8000/path")
    with pytest.raises(SettingsError) as raised:
        read_settings()
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(("status", "body"), [(404, b"not here"), (410, b'{"error": "unimplemented"}'), (200, b"<html>")])
def test_a_server_that_is_no_chroma_is_one_line(status: int, body: bytes, tmp_path: Path) -> None:
    """Another program, an older Chroma (whose first interface is gone), a login page."""

    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Other) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        place = Server.from_url(f"http://127.0.0.1:{other.server_port}", tmp_path)
        try:
            with pytest.raises(StoreError, match="not as a Chroma server of this version") as raised:
                stale_because(place, read_documents(packaged_docs()), WEIGHTS)
        finally:
            other.shutdown()
            thread.join()
    assert "\n" not in str(raised.value)


def test_no_server_at_all_is_one_line(tmp_path: Path) -> None:
    place = Server.from_url("http://127.0.0.1:1", tmp_path)
    with pytest.raises(StoreError, match=r"There is no Chroma server at http://127\.0\.0\.1:1: start it with chroma run"):
        stale_because(place, read_documents(packaged_docs()), WEIGHTS)
