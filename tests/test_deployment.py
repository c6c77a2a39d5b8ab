"""What compose.yaml runs, without Docker: one Chroma server, one ingest, two web workers; and what its files promise."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chroma import ChromaServer, chroma
from tests.conftest import ARTICLE, ROOT
from tests.served import Served, health, serving

# gradio_client leaves sockets of its event loops to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
ADDED = "Ferrets were mentioned in a new sentence."
PATIENCE = 60


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ChromaServer]:
    with chroma(tmp_path / "chroma") as started:
        yield started


def run_ingest(docs: Path, folder: Path, url: str) -> dict[str, Any]:
    environment = os.environ | {
        "CANCER_BOT_DOCS": str(docs),
        "CANCER_BOT_INDEX": str(folder / "cache"),
        "CANCER_BOT_CHROMA_URL": url,
    }
    done = subprocess.run(
        [sys.executable, "-m", "bot", "ingest", "--json"], env=environment, capture_output=True, text=True, check=True
    )
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def ask(worker: Served, question: str) -> dict[str, Any]:
    from gradio_client import Client

    reply: dict[str, Any] = Client(worker.address, verbose=False).predict(question=question, api_name="/ask")
    return reply


def quotes(worker: Served) -> list[str]:
    return [citation["quote"] for citation in ask(worker, "Are ferrets mentioned?")["citations"]]


@pytest.mark.filterwarnings("ignore")
def test_two_workers_share_a_server_and_go_over_together(server: ChromaServer, docs_folder: Path, tmp_path: Path) -> None:
    facts = run_ingest(docs_folder, tmp_path, server.url)
    assert (facts["status"], facts["index"]) == ("rebuilt", server.url)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    settings: dict[str, Any] = {"docs": str(docs_folder), "chroma_url": server.url}
    with (
        serving(tmp_path / "one" / "cache", tmp_path / "one", **settings) as one,
        serving(tmp_path / "two" / "cache", tmp_path / "two", **settings) as two,
    ):
        workers = (one, two)
        assert [ask(worker, "What is RFA?")["outcome"] for worker in workers] == ["answered", "answered"]
        assert not any("Building" in worker.said.read_text(encoding="utf-8") for worker in workers)
        assert not any(ADDED in quotes(worker) for worker in workers)
        path = docs_folder / ARTICLE
        path.write_bytes(path.read_bytes().replace(b"Clinical trials are carefully", f"{ADDED} Clinical trials are".encode()))
        assert run_ingest(docs_folder, tmp_path, server.url)["status"] == "rebuilt"
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and not all(ADDED in quotes(worker) for worker in workers):
            time.sleep(0.5)
        assert all(ADDED in quotes(worker) for worker in workers)
        assert [health(worker.address)[0] for worker in workers] == [200, 200]


def test_the_image_runs_as_nobody_in_particular_and_is_watched() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    user = next(line.split()[1] for line in lines if line.startswith("USER"))
    assert user not in ("root", "0")
    assert any(line.startswith("HEALTHCHECK") for line in lines)
    assert any("/healthz" in line for line in lines)
    base = next(line for line in lines if line.startswith("FROM"))
    assert re.search(r"python:3\.1[1-9]", base)
    installs = " ".join(line for line in lines if line.startswith("RUN"))
    assert "install.py --for . requirements.lock" in installs
    copied = {name for line in lines if line.startswith("COPY") and "--from" not in line for name in line.split()[1:-1]}
    allowed = set((ROOT / ".dockerignore").read_text(encoding="utf-8").replace("!", "").splitlines())
    assert copied <= allowed


def test_the_services_write_only_where_they_are_meant_to() -> None:
    """Every service has a read-only file system; the workers name the server; only settings that exist are set."""
    import yaml  # type: ignore[import-untyped]  # comes with transformers; its types would be a package more

    from bot.settings import Settings

    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert {"chroma", "ingest", "web-1", "web-2"} == set(services)
    for service in services.values():
        assert service["read_only"] is True
        assert "no-new-privileges:true" in service["security_opt"]
    known = {f"CANCER_BOT_{name.upper()}" for name in Settings.model_fields}
    for name in ("ingest", "web-1", "web-2"):
        environment = services[name]["environment"]
        assert environment["CANCER_BOT_CHROMA_URL"] == "http://chroma:8000"
        assert set(environment) <= known
