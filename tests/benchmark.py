"""`make bench`: what a question costs, beside what the encoder alone costs, all in one run on one machine."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROUNDS = 5
QUESTIONS = (
    "What is palliative radiation?",
    "Can surgery help if the bowel is blocked?",
    "How do doctors find out where the bleeding comes from?",
    "Is the patient awake during RFA?",
    "Which hormones make prostate cancer grow?",
    "what happens to the bones when cancer spreads",
    "My father was told that nothing more can be done. Is that true?",
    "How do I join a clinical trial?",
)

# The bare process: what every program that encodes one question with this library pays.
BARE = """
from sentence_transformers import SentenceTransformer
from ingest.weights import find_weights
model = SentenceTransformer(find_weights().location, device="cpu", local_files_only=True)
model.encode_query("What is palliative radiation?", normalize_embeddings=True)
"""

PEAK = "import resource, sys; sys.stderr.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))"


def seconds(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def cold(index: str) -> dict[str, float]:
    """Medians of whole processes, taken in turn so that a noisy moment hits both."""
    os.environ["CANCER_BOT_INDEX"] = index
    ask, bare = [sys.executable, "-m", "bot", "ask", QUESTIONS[0]], [sys.executable, "-c", BARE]
    seconds(ask), seconds(bare)
    pairs = [(seconds(ask), seconds(bare)) for _ in range(ROUNDS)]
    return {
        "cold ask, s": statistics.median(a for a, _ in pairs),
        "bare process, s": statistics.median(b for _, b in pairs),
        "cold ask / bare process": statistics.median(a / b for a, b in pairs),
        "help, s": statistics.median(seconds([sys.executable, "-m", "bot", "--help"]) for _ in range(ROUNDS)),
    }


def milliseconds(call: Callable[[str], object], question: str) -> float:
    begun = time.perf_counter()
    call(question)
    return (time.perf_counter() - begun) * 1000


def warm(index: Path) -> dict[str, float]:
    """Medians over all questions of a running program, question and encoding in turn.

    "Encoding alone" is the library's own encoder, as in every program that uses it; the compiled one stands beside it.
    """
    from bot.opening import open_bot, weights_for
    from bot.settings import Settings
    from ingest.embeddings import SentenceTransformerEmbeddings

    settings = Settings(index=index)
    bot = open_bot(settings)
    calls = (bot.ask, SentenceTransformerEmbeddings(weights_for(settings)).embed_query, bot.retriever.embeddings.embed_query)
    for question in QUESTIONS:
        [call(question) for call in calls]
    rows = [[milliseconds(call, question) for call in calls] for _ in range(40) for question in QUESTIONS]
    # One user, nothing else: for how much the slow ones differ from the others.
    alone = [milliseconds(bot.ask, question) for _ in range(100) for question in QUESTIONS]
    bot.close()
    asked, encoded, compiled = zip(*rows, strict=True)
    return {
        "warm question, ms": statistics.median(asked),
        "encoding alone, ms": statistics.median(encoded),
        "encoding alone, compiled, ms": statistics.median(compiled),
        "warm question / encoding alone": statistics.median(a / b for a, b, _ in rows),
        "warm question / compiled": statistics.median(a / c for a, _, c in rows),
        "warm question, p99 / median": statistics.quantiles(alone, n=100)[98] / statistics.median(alone),
    }


def ingested(folder: Path) -> dict[str, float]:
    """A whole build of the article, and one that finds nothing to do."""
    from bot.opening import weights_for
    from bot.settings import Settings, packaged_docs
    from ingest.index import ingest

    weights = weights_for(Settings())
    done = ingest(packaged_docs(), folder, weights, force=True)
    nothing = ingest(packaged_docs(), folder, weights)
    return {
        "ingest, passages per second": done.manifest.passages / done.seconds,
        "ingest, nothing to do, ms": nothing.seconds * 1000,
    }


def peak_memory(index: str) -> dict[str, float]:
    """Of a process that asks once, in MiB (Linux counts ru_maxrss in KiB)."""
    ask = f"import sys; from bot.cli import main; sys.argv = ['x', 'ask', {QUESTIONS[0]!r}]\n"
    script = f"{ask}try: main()\nexcept SystemExit: pass\n{PEAK}"
    environment = {**os.environ, "CANCER_BOT_INDEX": index}
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, env=environment)
    return {"peak memory of ask, MiB": int(done.stderr) / 1024}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        figures = {**ingested(index), **cold(str(index)), **warm(index), **peak_memory(str(index))}
    if "--json" in sys.argv:
        print(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        print(f"| {name:<32} | {value:10.2f} |")


if __name__ == "__main__":
    main()
