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
    """Medians over all questions of a running program, question and encoding in turn."""
    from bot.opening import open_bot
    from bot.settings import Settings

    bot = open_bot(Settings(index=index))
    encode = bot.retriever.embeddings.embed_query
    for question in QUESTIONS:
        bot.ask(question), encode(question)
    pairs = [(milliseconds(bot.ask, q), milliseconds(encode, q)) for _ in range(40) for q in QUESTIONS]
    bot.close()
    return {
        "warm question, ms": statistics.median(a for a, _ in pairs),
        "encoding alone, ms": statistics.median(b for _, b in pairs),
        "warm question / encoding alone": statistics.median(a / b for a, b in pairs),
        "warm question, p99, ms": statistics.quantiles([a for a, _ in pairs], n=100)[98],
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
