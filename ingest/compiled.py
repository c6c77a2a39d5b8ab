"""The query encoder compiled once to ONNX, so that a question needs no training library: a second instead of many.

sentence-transformers stays the source of truth: what is compiled is compared with it when it is made, text by text, and is not
used where it differs. It lies beside the index, one folder per encoder, and holds the tokenizer, too.
"""

import contextlib
import hashlib
import io
import json
import os
import shutil
import uuid
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import portalocker
from langchain_core.embeddings import Embeddings

from ingest.embeddings import SentenceTransformerEmbeddings
from ingest.weights import Weights

if TYPE_CHECKING:
    import numpy as np
    from sentence_transformers import SentenceTransformer

MODEL, TOKENIZER, FACTS = "encoder.onnx", "tokenizer.json", "compiled.json"

# The encoder of the index itself.
ROLE = "encoder"

# Raise it whenever the same weights would be compiled another way.
VERSION = 1

# The lowest cosine with sentence-transformers' own vector that any compared text may have, and how many are compared at most.
LEAST_COSINE = 0.9999
COMPARED = 500

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class NotCompiled(Exception):  # noqa: N818 -- a state that is handled, not an error that is shown
    """There is no compiled encoder that can be used; the message is a clause that says why."""


class CanNotBeCompiled(NotCompiled):
    """And another try would end in the same way."""


class CompiledEmbeddings(Embeddings):
    """Unit vectors of float32, as sentence-transformers gives them, from a compiled encoder."""

    def __init__(self, model: bytes | Path, tokenizer: str, tokens: int) -> None:
        """`model`: an ONNX graph or its file; `tokenizer`: its JSON; `tokens`: the longest input, longer ones are cut."""
        # Read when it is imported: without it the library leaves a mark in the temporary folder and reports to its maker.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        # One question is too short to share out; waiting threads that spin would take the cores from the next one.
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_str(tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(tokens)

    @classmethod
    def from_folder(cls, folder: Path) -> "CompiledEmbeddings":
        """What `compile_encoder` wrote. Raises `NotCompiled` where it is missing, damaged or was found to differ."""
        try:
            facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
            if facts["unusable"]:
                raise CanNotBeCompiled(facts["unusable"])
            tokenizer = (folder / TOKENIZER).read_bytes()
            with (folder / MODEL).open("rb") as stream:
                model = hashlib.file_digest(stream, "sha256").hexdigest()
            if [model, hashlib.sha256(tokenizer).hexdigest()] != facts["sha256"]:
                raise NotCompiled("it was damaged")
            # By its file: the graph is then not held in memory twice.
            return cls(folder / MODEL, tokenizer.decode(), int(facts["tokens"]))
        except FileNotFoundError as error:
            raise NotCompiled("there is none yet") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NotCompiled("it can't be read") from error

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector per text."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        vector: list[float] = self._vector(text).tolist()
        return vector

    def _vector(self, text: str) -> "np.ndarray":
        import numpy as np

        read = self._tokenizer.encode(text)
        rows = dict(zip(_INPUTS, (read.ids, read.attention_mask, read.type_ids), strict=True))
        inputs = {name: np.array([row], dtype=np.int64) for name, row in rows.items()}
        vector: np.ndarray = self._session.run(None, inputs)[0][0]
        return vector


def query_embeddings(index: Path, weights: Weights, texts: Callable[[], Sequence[str]], role: str = ROLE) -> Embeddings:
    """The fastest encoder for questions that there is: the compiled one, made now where it is missing or damaged.

    `texts` gives what it is compared on when it is made; `role` names what it is for: an index has one of each.
    Where it can't be made or kept, sentence-transformers itself.
    """
    folder = compiled_folder(index, weights, role)
    original = SentenceTransformerEmbeddings(weights)
    try:
        return CompiledEmbeddings.from_folder(folder)
    except CanNotBeCompiled:
        return original
    except NotCompiled:
        with contextlib.suppress(NotCompiled, OSError, portalocker.LockException):
            compile_encoder(original, folder, texts())
            return CompiledEmbeddings.from_folder(folder)
    return original


def compiled_folder(index: Path, weights: Weights, role: str = ROLE) -> Path:
    """Where the compiled form of an encoder lies; another encoder, or the same one replaced, has another folder."""
    return index / f"{role}-{hashlib.sha256(f'{VERSION}:{weights.stamp}'.encode()).hexdigest()[:16]}"


def compile_encoder(original: SentenceTransformerEmbeddings, folder: Path, texts: Sequence[str]) -> None:
    """Compile an encoder into `folder`, in one step; where its vectors differ, keep only the reason.

    Raises `OSError` where it can't be written and portalocker's `LockException` where another process compiles for minutes.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with portalocker.Lock(folder.parent / "encoder.lock", "a", timeout=120, check_interval=0.2):
        # Whoever held the lock before may have made just what we want.
        with contextlib.suppress(NotCompiled):
            CompiledEmbeddings.from_folder(folder)
            return
        for old in folder.parent.glob(f"{folder.name.partition('-')[0]}-*"):
            shutil.rmtree(old, ignore_errors=True)
        aside = folder.with_name(f"{folder.name}-{uuid.uuid4().hex}.new")
        aside.mkdir()
        try:
            _write(original, aside, texts)
            aside.rename(folder)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise


def _write(original: SentenceTransformerEmbeddings, folder: Path, texts: Sequence[str]) -> None:
    facts: dict[str, Any] = {"unusable": "", "sha256": [], "tokens": 0}
    try:
        model, tokenizer, tokens = _exported(original.model)
        _compare(CompiledEmbeddings(model, tokenizer, tokens), original, texts)
        (folder / MODEL).write_bytes(model)
        (folder / TOKENIZER).write_bytes(tokenizer.encode())
        facts |= {"tokens": tokens, "sha256": [hashlib.sha256(part).hexdigest() for part in (model, tokenizer.encode())]}
    except NotCompiled as reason:
        facts["unusable"] = str(reason)
    (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")


def _compare(compiled: Embeddings, original: Embeddings, texts: Sequence[str]) -> None:
    if (least := least_cosine(compiled, original, texts)) < LEAST_COSINE:
        raise NotCompiled(f"its vectors differ from the encoder's own (cosine {least:.6f})")


def least_cosine(one: Embeddings, other: Embeddings, texts: Sequence[str]) -> float:
    """The lowest cosine between two encoders' unit vectors of the same text, over texts spread evenly; 1 without any."""
    compared = list(texts[:: -(-len(texts) // COMPARED)]) if texts else []
    pairs = zip(one.embed_documents(compared), other.embed_documents(compared), strict=True)
    return min((sum(a * b for a, b in zip(left, right, strict=True)) for left, right in pairs), default=1.0)


def _exported(model: "SentenceTransformer") -> tuple[bytes, str, int]:
    """Graph, tokenizer, and how many tokens are read. Raises `NotCompiled` for an encoder that is of another kind."""
    kinds = [type(module).__name__ for module in model]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]) or any(model.prompts.values()):
        raise NotCompiled(f"an encoder of the parts {', '.join(kinds)}, or with prompts, is not compiled")
    try:
        tokenizer = model.tokenizer.backend_tokenizer
        tokens = int(model[0].max_seq_length or tokenizer.truncation["max_length"])
        return _graph(model), tokenizer.to_str(), tokens
    except (RuntimeError, AttributeError, KeyError, ImportError, TypeError, ValueError) as error:
        raise NotCompiled(f"it can't be exported ({type(error).__name__})") from error


def _graph(model: "SentenceTransformer") -> bytes:
    import torch

    class Graph(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = model

        def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
            vector: torch.Tensor = self.encoder(dict(zip(_INPUTS, inputs, strict=True)))["sentence_embedding"]
            return torch.nn.functional.normalize(vector, dim=-1)

    sample = model.tokenizer(["A question of some words?", "Two."], padding=True, return_tensors="pt")
    file = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        # The exporter warns of branches that this encoder does not have; the comparison with the encoder is what counts.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Graph().eval(),
            tuple(sample[name] for name in _INPUTS),
            file,  # type: ignore[arg-type]  # it takes a stream, too: a full disk is then ours to see
            input_names=list(_INPUTS),
            output_names=["vector"],
            dynamic_axes={name: {0: "texts", 1: "tokens"} for name in _INPUTS},
            dynamo=False,
        )
    return file.getvalue()
