"""What ingest or a question costs with the sources that the environment names: `python -m tests.bench.growth_process ingest`.

A process of its own for each, so that its memory is its own; prints JSON.
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from tests.bench.memory import peak_mib
from tests.bench.texts import NEW, SEED, change

QUESTIONS = 60

# Shares of the passages that are changed and ingested again, after a single one.
SHARES = (0.01, 0.1, 0.3)


class DrawnVectors:
    """Unit vectors in all directions, the hardest for a graph of neighbours; in place of the encoder's."""

    def __init__(self, *_: object, **__: object) -> None:
        import numpy as np

        self._draw = np.random.default_rng(SEED)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        import numpy as np

        vectors = self._draw.normal(size=(len(texts), 384))
        drawn: list[list[float]] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).tolist()
        return drawn


class Told:
    """Says on stderr how far an ingest is, and about how long it will take, once a second."""

    def __init__(self) -> None:
        self._begun = self._last = time.perf_counter()

    def __call__(self, done: int, of: int) -> None:
        now = time.perf_counter()
        if done and (now - self._last >= 1 or done == of):
            self._last, rate = now, done / (now - self._begun)
            sys.stderr.write(f"\r  {done} of {of} texts embedded, {rate:.0f} a second, {(of - done) / rate:.0f} s left   ")


def measure_ingest(*, drawn: bool) -> dict[str, Any]:
    """A whole build, and one after each change. The encoder is loaded before: that does not grow."""
    import ingest.index
    from bot.opening import weights_for
    from bot.safety.hearing import Hearing
    from bot.settings import read_settings
    from ingest.compiled import query_embeddings
    from ingest.embeddings import SentenceTransformerEmbeddings

    settings = read_settings()
    weights = weights_for(settings)
    if drawn:
        vars(ingest.index)["SentenceTransformerEmbeddings"] = DrawnVectors
    else:
        SentenceTransformerEmbeddings(weights).embed_documents(["Loads the library."])
    done = ingest.index.ingest(settings.docs, settings.place, weights, progress=Told())
    sys.stderr.write("\n")
    most = peak_mib()
    changes = []
    for number, count in enumerate(_changed(done.manifest.passages)):
        change(settings.docs, count, number)
        again = ingest.index.ingest(settings.docs, settings.place, weights)
        changes.append({"passages": count, "embedded": again.embedded, "seconds": again.seconds})
        sys.stderr.write(f"  {count} passages changed, {again.embedded} texts embedded in {again.seconds:.2f} s\n")
    # Made here, so that it is not taken for a part of opening.
    query_embeddings(settings.index, weights, lambda: [NEW])
    Hearing(settings.index).load()
    return {
        "passages": done.manifest.passages,
        "texts": done.embedded,
        "ingest": done.seconds,
        "ingest memory": most,
        "again": changes[0]["seconds"],
        "changes": changes,
    }


def _changed(passages: int) -> list[int]:
    """How many passages are changed, a number for each change."""
    return sorted({1, *(count for share in SHARES if (count := round(share * passages)) > 1)})


def measure_question() -> dict[str, float]:
    """Opening, then questions made of the texts' own words, and what the encoder takes of that."""
    from bot.opening import open_bot
    from bot.settings import read_settings

    settings = read_settings()
    begun = time.perf_counter()
    bot = open_bot(settings)
    opened = time.perf_counter() - begun
    draw = random.Random(SEED)  # noqa: S311 (a sample, no secret)
    lines = [line for file in sorted(settings.docs.glob("*.txt")) for line in file.read_text(encoding="utf-8").splitlines()]
    words = [line.split()[:14] for line in draw.choices([line for line in lines if line], k=QUESTIONS)]
    questions = [f"What is said about {' '.join(some).rstrip('.,;:?!')}?" for some in words]
    bot.ask(questions[0])
    asked = [milliseconds(bot.ask, question) for question in questions]
    encoded = [milliseconds(bot.retriever.embeddings.embed_query, question) for question in questions]
    bot.close()
    return {
        "open": opened,
        "question": statistics.median(asked),
        "question, p95": statistics.quantiles(asked, n=20)[18],
        "encoding": statistics.median(encoded),
        "question memory": peak_mib(),
    }


def milliseconds(call: Callable[[str], object], question: str) -> float:
    """What one call takes."""
    begun = time.perf_counter()
    call(question)
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    print(json.dumps(measure_question() if sys.argv[1] == "question" else measure_ingest(drawn=sys.argv[1] == "drawn")))
