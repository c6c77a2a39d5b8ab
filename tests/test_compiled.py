"""The compiled query encoder gives the vectors of the encoder that it was made from, or is not used."""

import json
import os
from pathlib import Path

import pytest

from bot.opening import weights_for
from bot.settings import Settings
from ingest.compiled import (
    FACTS,
    LEAST_COSINE,
    MODEL,
    CanNotBeCompiled,
    CompiledEmbeddings,
    NotCompiled,
    compile_encoder,
    compiled_folder,
    least_cosine,
    query_embeddings,
)
from ingest.documents import Document
from ingest.embeddings import SentenceTransformerEmbeddings
from ingest.passages import cut
from tests.conftest import ROOT

TEXTS = ["What is ablation?", "Bleeding: Sometimes surgery stops it. " * 60, "", "¿Qué es? 癌 \u202e"]


class Turned(SentenceTransformerEmbeddings):
    """An encoder whose vectors are not those of its own model."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[-number for number in vector] for vector in super().embed_documents(texts)]


@pytest.fixture(scope="module")
def original() -> SentenceTransformerEmbeddings:
    return SentenceTransformerEmbeddings(weights_for(Settings()))


@pytest.fixture(scope="module")
def compiled(original: SentenceTransformerEmbeddings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = compiled_folder(tmp_path_factory.mktemp("compiled"), original.weights)
    compile_encoder(original, folder, TEXTS)
    return folder


def test_the_same_vectors_on_the_whole_article_and_the_question_sets(
    original: SentenceTransformerEmbeddings, compiled: Path, article: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    passages = cut(article)
    texts = [*TEXTS, *(p.text for p in passages), *(s.text for p in passages for s in p.sentences)]
    for name in ("dev", "test"):
        lines = (ROOT / f"tests/questions/{name}.jsonl").read_text(encoding="utf-8").splitlines()
        texts += [json.loads(line)["turns"][-1] for line in lines]
    made = CompiledEmbeddings.from_folder(compiled)
    least = min(least_cosine(made, original, texts[start : start + 200]) for start in range(0, len(texts), 200))
    with capsys.disabled():
        print(f" {len(texts)} texts, lowest cosine {least:.7f} ", end="")  # noqa: T201 -- the figure is the point
    assert least >= LEAST_COSINE


def test_a_question_needs_no_training_library(compiled: Path, tmp_path: Path) -> None:
    import subprocess
    import sys

    script = (
        "import sys; from pathlib import Path; from ingest.compiled import CompiledEmbeddings\n"
        f"made = CompiledEmbeddings.from_folder(Path({str(compiled)!r})); assert len(made.embed_query('x')) == 384\n"
        "assert not {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, env={**os.environ, "TMPDIR": str(tmp_path)})
    # The runtime's telemetry would have left its session there.
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_differs_is_not_used_and_not_tried_again(tmp_path: Path) -> None:
    weights = weights_for(Settings())
    folder = compiled_folder(tmp_path, weights)
    compile_encoder(Turned(weights), folder, TEXTS)
    with pytest.raises(CanNotBeCompiled, match="differ"):
        CompiledEmbeddings.from_folder(folder)
    assert isinstance(query_embeddings(tmp_path, weights, lambda: TEXTS), SentenceTransformerEmbeddings)
    assert [path.name for path in folder.iterdir()] == [FACTS]


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone", "facts"])
def test_a_damaged_one_is_made_anew(compiled: Path, original: SentenceTransformerEmbeddings, tmp_path: Path, damage: str) -> None:
    import shutil

    folder = compiled_folder(tmp_path, original.weights)
    shutil.copytree(compiled, folder)
    file = folder / (FACTS if damage == "facts" else MODEL)
    data = bytearray(file.read_bytes())
    if damage == "gone":
        file.unlink()
    else:
        data[len(data) // 2] ^= 1
        file.write_bytes(data[: len(data) // 2] if damage == "cut" else b"{" if damage == "facts" else data)
    with pytest.raises(NotCompiled):
        CompiledEmbeddings.from_folder(folder)
    again = query_embeddings(tmp_path, original.weights, lambda: TEXTS)
    assert isinstance(again, CompiledEmbeddings)
    assert CompiledEmbeddings.from_folder(folder).embed_query("x") == again.embed_query("x")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([folder.name, "encoder.lock"])


def test_where_it_can_not_be_kept_the_encoder_itself_is_used(tmp_path: Path) -> None:
    """A file stands where the folder should be: no permission games, so that it holds for root, too."""
    place = tmp_path / "index"
    place.write_text("in the way")
    weights = weights_for(Settings())
    assert isinstance(query_embeddings(place, weights, lambda: TEXTS), SentenceTransformerEmbeddings)


def test_replaced_weights_have_another_folder(tmp_path: Path) -> None:
    weights = weights_for(Settings())
    assert weights.tuning
    before = compiled_folder(tmp_path, weights)
    adapter = weights.tuning / "adapter_model.safetensors"
    status = adapter.stat()
    os.utime(adapter, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    try:
        assert compiled_folder(tmp_path, weights) != before
    finally:
        os.utime(adapter, ns=(status.st_atime_ns, status.st_mtime_ns))
