"""`python -m tests.growth`: what ingest and a question cost as the sources grow, each measured in a process of its own.

    python -m tests.growth --texts FILE.jsonl --sizes 10 100 1000 --json OUT.json --plot OUT.svg

FILE.jsonl has a passage a line, in the field `text`. Where it has fewer than are asked for, further passages are put together
from its sentences, drawn with a fixed seed, so that all text is real. `--server` measures with a Chroma server of its own.
`--drawn-vectors` gives the sources vectors that are drawn instead of made: then what is left is what the index itself costs, and
ten thousand passages take minutes; questions are encoded all the same.
"""

import argparse
import json
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tests.chroma import chroma

SEED = 7

# Passages in a file of the folder that is built; a change of one sentence changes one file.
TOGETHER = 50

QUESTIONS = 60

# What is fitted against the number of passages, with its unit.
MEASURES = {
    "ingest": "s",
    "again": "s",
    "ingest memory": "MiB",
    "open": "s",
    "question": "ms",
    "question, p95": "ms",
    "encoding": "ms",
    "question memory": "MiB",
}


def passages(texts: Sequence[str], count: int) -> Iterator[str]:
    """So many passages; no text of `texts` twice before all have had their turn."""
    draw = random.Random(SEED)  # noqa: S311 (a sample, no secret)
    sentences = [s for text in texts for s in re.split(r"(?<=[.!?])\s+", text) if len(s) > 20]
    for number in range(count):
        yield " ".join((texts[number] if number < len(texts) else " ".join(draw.sample(sentences, 5))).split())


def build(folder: Path, texts: Sequence[str], count: int) -> None:
    """A folder of sources."""
    folder.mkdir()
    every = list(passages(texts, count))
    for start in range(0, count, TOGETHER):
        (folder / f"part-{start:06}.txt").write_text("\n\n".join(every[start : start + TOGETHER]) + "\n", encoding="utf-8")


def peak() -> float:
    """Of this process, in MiB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


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


def measure_ingest(*, drawn: bool) -> dict[str, float]:
    """In a process of its own: a whole build, then one after a sentence was changed."""
    import ingest.index
    from bot.opening import weights_for
    from bot.settings import read_settings

    if drawn:
        vars(ingest.index)["SentenceTransformerEmbeddings"] = DrawnVectors
    settings = read_settings()
    weights = weights_for(settings)

    def progress(done: int, of: int) -> None:
        sys.stderr.write(f"\r  {done} of {of} texts embedded ")

    done = ingest.index.ingest(settings.docs, settings.place, weights, progress=progress)
    most = peak()
    changed = sorted(settings.docs.glob("*.txt"))[0]
    changed.write_text("A sentence that is new. " + changed.read_text(encoding="utf-8"), encoding="utf-8")
    again = ingest.index.ingest(settings.docs, settings.place, weights)
    sys.stderr.write("\n")
    return {
        "passages": done.manifest.passages,
        "sentences": done.manifest.sentences,
        "ingest": done.seconds,
        "ingest memory": most,
        "again": again.seconds,
        "again, texts embedded": again.embedded,
    }


def measure_question() -> dict[str, float]:
    """In a process of its own: opening, then questions made of the texts' own words, and what the encoder takes of that."""
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
    asked = [_milliseconds(bot.ask, question) for question in questions]
    encoded = [_milliseconds(bot.retriever.embeddings.embed_query, question) for question in questions]
    bot.close()
    return {
        "open": opened,
        "question": statistics.median(asked),
        "question, p95": statistics.quantiles(asked, n=20)[18],
        "encoding": statistics.median(encoded),
        "question memory": peak(),
    }


def _milliseconds(call: Any, question: str) -> float:
    begun = time.perf_counter()
    call(question)
    return (time.perf_counter() - begun) * 1000


def measure(folder: Path, texts: Sequence[str], count: int, *, server: bool, drawn: bool) -> dict[str, float]:
    """All of a size."""
    build(folder / "docs", texts, count)
    with chroma(folder / "chroma") if server else nullcontext() as started:
        environment = os.environ | {
            "CANCER_BOT_DOCS": str(folder / "docs"),
            "CANCER_BOT_INDEX": str(folder / "index"),
            "CANCER_BOT_CHROMA_URL": started.url if started else "",
        }
        return _in_a_process("drawn" if drawn else "ingest", environment) | _in_a_process("question", environment)


def _in_a_process(what: str, environment: Mapping[str, str]) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.growth", "--measure", what]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=dict(environment))
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def exponents(rows: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Of each measure's growth with the passages: fitted over all sizes, and between the two largest."""
    import numpy as np

    sizes = np.log([row["passages"] for row in rows])
    found = {}
    for name in MEASURES:
        values = np.log([row[name] for row in rows])
        slope = float(np.polyfit(sizes, values, 1)[0])
        found[name] = {"all": slope, "last two": float((values[-1] - values[-2]) / (sizes[-1] - sizes[-2]))}
    return found


def plot(rows: Sequence[Mapping[str, float]], slopes: Mapping[str, Mapping[str, float]], file: Path) -> None:
    """Seconds of ingest, milliseconds of a question and memory, each against the passages on logarithmic axes."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 3, figsize=(13, 4), layout="constrained")
    sizes = [row["passages"] for row in rows]
    panels = (("s", ("ingest", "again", "open")), ("ms", ("question", "question, p95", "encoding")))
    for axis, (unit, names) in zip(axes, (*panels, ("MiB", ("ingest memory", "question memory"))), strict=True):
        for name in names:
            axis.loglog(sizes, [row[name] for row in rows], "o-", label=f"{name}, exponent {slopes[name]['all']:.2f}")
        axis.set(xlabel="passages", ylabel=unit)
        axis.legend()
        axis.grid(visible=True, alpha=0.3)
    figure.savefig(file)


def main() -> None:
    """Measure, print a line a size, write what was asked for."""
    parser = argparse.ArgumentParser(description="What ingest and a question cost as the sources grow.")
    parser.add_argument("--texts", type=Path, help="JSON Lines with a field text")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000], help="numbers of passages, two or more")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--plot", type=Path, help="draw them to this SVG file")
    parser.add_argument("--server", action="store_true", help="with a Chroma server of its own")
    parser.add_argument("--drawn-vectors", action="store_true", help="without the encoder: what the index itself costs")
    parser.add_argument("--measure", choices=["ingest", "drawn", "question"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure_question() if given.measure == "question" else measure_ingest(drawn=given.measure == "drawn")))
        return
    if not given.texts or len(given.sizes) < 2:
        parser.error("give --texts FILE.jsonl and two sizes or more")
    texts = [json.loads(line)["text"] for line in given.texts.read_text(encoding="utf-8").split("\n") if line.strip()]
    rows = []
    for size in sorted(given.sizes):
        sys.stderr.write(f"{size} passages\n")
        with tempfile.TemporaryDirectory() as folder:
            rows.append(measure(Path(folder), texts, size, server=given.server, drawn=given.drawn_vectors))
        print(", ".join(f"{name} {value:.5g}" for name, value in rows[-1].items()), flush=True)
    slopes = exponents(rows)
    for name, slope in slopes.items():
        print(f"{name}: grows with passages to the power of {slope['all']:.2f} ({slope['last two']:.2f} between the last two)")
    if given.json:
        where = "server" if given.server else "embedded"
        vectors = "drawn" if given.drawn_vectors else "made"
        given.json.write_text(
            json.dumps({"index": where, "vectors": vectors, "sizes": rows, "exponents": slopes}, indent=2), encoding="utf-8"
        )
    if given.plot:
        plot(rows, slopes, given.plot)


if __name__ == "__main__":
    main()
