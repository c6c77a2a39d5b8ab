"""sentence-transformers behind LangChain's `Embeddings`, loaded when first needed and never from a model hub."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from langchain_core.embeddings import Embeddings

from ingest.adapter import merge
from ingest.errors import ModelError
from ingest.weights import Weights

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

# Texts per step of the encoder; larger steps gain nothing on two cores.
BATCH = 32


class SentenceTransformerEmbeddings(Embeddings):
    """Unit vectors of float32 from the given weights, so that a dot product is the cosine."""

    def __init__(self, weights: Weights, *, progress: Callable[[int, int], None] | None = None) -> None:
        """`progress` is called with (texts done, texts in all) while documents are embedded."""
        self.weights = weights
        self._progress = progress

    @cached_property
    def model(self) -> "SentenceTransformer":
        """The model itself, with what tuning learnt. Raises `ModelError` where it can't be loaded."""
        with _quiet_and_offline():
            from sentence_transformers import SentenceTransformer

            try:
                model = SentenceTransformer(self.weights.location, device="cpu", local_files_only=True)
            except (OSError, ValueError, RuntimeError, KeyError) as error:
                reason = (str(error).strip() or type(error).__name__).splitlines()[0]
                raise ModelError(
                    f"Can't load the embedding model {self.weights.location}: {reason} "
                    "Give a folder with the model in CANCER_BOT_EMBEDDING_MODEL; nothing is downloaded."
                ) from error
        if self.weights.tuning:
            merge(model, self.weights.tuning)
        return model

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector per text."""
        vectors: dict[int, list[float]] = {}
        # Texts of a length together: within a step each costs what the longest does.
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(texts), BATCH):
            places = order[start : start + BATCH]
            some = [texts[place] for place in places]
            made = self.model.encode_document(some, normalize_embeddings=True, show_progress_bar=False).tolist()
            vectors |= zip(places, made, strict=True)
            if self._progress:
                self._progress(len(vectors), len(texts))
        return [vectors[place] for place in range(len(texts))]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        vector: list[float] = self.model.encode_query(text, normalize_embeddings=True, show_progress_bar=False).tolist()
        return vector


@contextmanager
def _quiet_and_offline() -> Iterator[None]:
    """Keep the hub's client from asking for anything, and the loader from drawing a bar of its own."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ[name] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
