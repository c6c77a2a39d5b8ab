"""What one ingest and one question cost, beside what the encoder alone costs, all in one run on one machine."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.bench.growth_process import milliseconds

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

PEAK = "from tests.bench.memory import peak_mib\nsys.stderr.write(f'{chr(10)}{peak_mib()}')"


def seconds(command: list[str], index: Path) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=_with(index))
    return time.perf_counter() - begun


def _with(index: Path) -> Mapping[str, str]:
    return {**os.environ, "CANCER_BOT_INDEX": str(index)}


def cold(index: Path, rounds: int) -> dict[str, float]:
    """Medians of whole processes, taken in turn so that a noisy moment hits both; the first of each is not counted."""
    ask, bare = [sys.executable, "-m", "bot", "ask", QUESTIONS[0]], [sys.executable, "-c", BARE]
    seconds(ask, index), seconds(bare, index)
    pairs = [(seconds(ask, index), seconds(bare, index)) for _ in range(rounds)]
    return {
        "cold ask, s": statistics.median(a for a, _ in pairs),
        "bare process, s": statistics.median(b for _, b in pairs),
        "cold ask / bare process": statistics.median(a / b for a, b in pairs),
        "help, s": statistics.median(seconds([sys.executable, "-m", "bot", "--help"], index) for _ in range(rounds)),
    }


def warm(index: Path, rounds: int) -> dict[str, float]:
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
    rows = [[milliseconds(call, question) for call in calls] for _ in range(rounds) for question in QUESTIONS]
    # One user, nothing else: for how much the slow ones differ from the others.
    alone = [milliseconds(bot.ask, question) for _ in range(2 * rounds) for question in QUESTIONS]
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


def peak_memory(index: Path) -> dict[str, float]:
    """Of a process that asks once, in MiB."""
    ask = f"import sys; from bot.cli import main; sys.argv = ['x', 'ask', {QUESTIONS[0]!r}]\n"
    script = f"{ask}try: main()\nexcept SystemExit: pass\n{PEAK}"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, env=_with(index))
    return {"peak memory of ask, MiB": float(done.stderr.splitlines()[-1])}


def once(index: Path, *, cold_rounds: int, warm_rounds: int) -> dict[str, float]:
    """All of it over an index that is built there. `warm_rounds`: how often each of the questions is asked."""
    sys.stderr.write("Ingest of the article\n")
    figures = ingested(index)
    sys.stderr.write(f"Cold: {cold_rounds} processes of each kind\n")
    figures |= cold(index, cold_rounds)
    sys.stderr.write(f"Warm: {warm_rounds * len(QUESTIONS)} questions\n")
    return figures | warm(index, warm_rounds) | peak_memory(index)
