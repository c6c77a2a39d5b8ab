"""A small source that is built in half a second, what it has to answer, and how a failure has to look."""

import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.documents import read_documents
from ingest.index import Index
from ingest.manifest import read_manifest
from ingest.passages import cut
from tests.prepared import Done, Prepared, Run

NAME = "leaflet.txt"
TEXT = """Household remedies

Zinc drops

Zinc drops soothe a sore throat within an hour. They are taken with water after a meal. Children get half of the dose.

Copper bands

Copper bands do not relieve joint pain. They are worn around the wrist at night.
"""
QUESTION, ANSWER = "Do copper bands relieve joint pain?", "Copper bands do not relieve joint pain."
NEW_QUESTION, NEW_ANSWER = "Where are zinc drops kept?", "Zinc drops are kept in the refrigerator."
CHANGED = TEXT.replace("Children get", f"{NEW_ANSWER} Children get")

# What is compiled once and lies beside an index.
COMPILED = ("encoder-*", "hearing-*")

# What a run may say beside its one line of error: that it builds, or that it waits.
NOTES = ("Building the index: ", "Waiting for another process")


@dataclass(frozen=True)
class Place:
    """A folder of sources with its index, and the process that runs the command on them."""

    prepared: Prepared
    docs: Path
    index: Path

    @property
    def source(self) -> Path:
        return self.docs / NAME

    def command(self, *arguments: str, environment: dict[str, str] | None = None, **options: float) -> Run:
        """One run of the command here."""
        here = {"CANCER_BOT_DOCS": str(self.docs), "CANCER_BOT_INDEX": str(self.index)}
        return Run(arguments, here | (environment or {}), **options)  # type: ignore[arg-type]

    def ask(self, question: str = QUESTION, **environment: str) -> Done:
        return self.prepared.run(self.asking(question, **environment))[0]

    def asking(self, question: str = QUESTION, **environment: str) -> Run:
        return self.command("ask", question, "--json", environment=environment)

    def ingest(self, *options: str, **environment: str) -> Done:
        return self.prepared.run(self.command("ingest", *options, environment=environment))[0]

    def copy(self, folder: Path) -> "Place":
        """The same in a folder of its own, to be changed."""
        docs = Path(shutil.copytree(self.docs, folder / "docs"))
        return Place(self.prepared, docs, copy_index(self.index, folder / "index"))

    def change(self) -> None:
        """Replace the source by one with a sentence more."""
        self.source.write_text(CHANGED, encoding="utf-8")

    def fingerprints(self) -> dict[str, str]:
        return {document.name: document.fingerprint for document in read_documents(self.docs)}

    def assert_whole(self) -> None:
        """The live index holds just what the cutter makes of the sources; every file has its hash."""
        manifest, documents = read_manifest(self.index), read_documents(self.docs)
        assert manifest
        with Index(documents, manifest, self.index) as index:
            assert {name: tuple(passages) for name, passages in index.passages.items()} == {
                one.name: cut(one) for one in documents
            }
            assert len(index.search([0.1] * 384, k=200)) == manifest.passages + manifest.sentences


def copy_index(index: Path, folder: Path) -> Path:
    """A copy of an index that a test may change; but its compiled encoders, 90 MB each, are linked: see `apart`."""
    shutil.copytree(index, folder, ignore=shutil.ignore_patterns(*COMPILED))
    for encoder in (found for pattern in COMPILED for found in index.glob(pattern)):
        shutil.copytree(encoder, folder / encoder.name, copy_function=os.link)
    return folder


def apart(path: Path) -> Path:
    """The same file with bytes of its own, for a test that writes into it."""
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)
    return path


def assert_answers(done: Done, sentence: str, *texts: str) -> None:
    """It answers with that sentence, and every citation is a slice of one of the texts that the source had."""
    assert done.status == 0, done
    reply = json.loads(done.out)
    quotes = [citation["quote"] for citation in reply["citations"]]
    assert sentence in quotes, quotes
    for text in texts:
        if all(text[citation["start"] : citation["end"]] == citation["quote"] for citation in reply["citations"]):
            return
    raise AssertionError(f"cited what is not in the source: {reply['citations']}")


def assert_one_line(done: Done, *about: str) -> None:
    """It says in one line what is wrong and holds `about`; no traceback, exit status 1."""
    assert done.status == 1, done
    lines = [line for line in done.err.splitlines() if not line.startswith(NOTES)]
    assert len(lines) == 1, done
    assert lines[0].startswith("cancer-bot: "), done
    assert "Traceback" not in done.err, done
    for word in about:
        assert word in lines[0], done


def assert_right_or_one_line(done: Done, sentence: str, *texts: str, about: Sequence[str] = ()) -> bool:
    """Whether it answered; else it says in one line what is wrong, which holds `about`."""
    if done.status == 0:
        assert_answers(done, sentence, *texts)
    else:
        assert_one_line(done, *about)
    return done.status == 0


def tell(capsys: pytest.CaptureFixture[str], line: str) -> None:
    """Print how often something was tried, though the test passes."""
    with capsys.disabled():
        sys.stdout.write(f" {line} ")


def leftovers(folder: Path) -> list[str]:
    """What readers left in a folder for temporary files."""
    return [path.name for path in folder.iterdir() if path.name.startswith("cancer-bot-")]
