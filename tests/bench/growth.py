"""`python -m tests.bench.growth`: what ingest and a question cost as the sources grow, each measured in a process of its own.

    python -m tests.bench.growth --texts FILE.jsonl --sizes 10 100 1000 10000 --out FOLDER

FILE.jsonl has a field `text` in each line; without it the texts are the project's own. `--server` measures with a Chroma server
of its own. `--drawn-vectors` gives the sources vectors that are drawn instead of made: then what is left is what the index itself
costs, and ten thousand passages take minutes; questions are encoded all the same.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tests.bench.texts import build, own_sentences, sentences_from
from tests.chroma import chroma

ROOT = Path(__file__).resolve().parents[2]

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

# The columns of the deployment page's table, with digits after the point.
COLUMNS = (
    ("passages", 0),
    ("ingest", 1),
    ("again", 2),
    ("open", 2),
    ("question", 1),
    ("question, p95", 1),
    ("encoding", 1),
    ("question memory", 0),
)

# How the benchmark's table calls them.
SAID = {"again": "one changed passage", "open": "opening", "question memory": "memory of a worker", "encoding": "encoding alone"}

Rows = Sequence[Mapping[str, Any]]


def grown(
    sizes: Sequence[int], texts: Path | None = None, *, server: bool = False, drawn: bool = False, keep: Path | None = None
) -> dict[str, Any]:
    """The figures of all sizes with their exponents. `keep`: a file that takes what is known after each size."""
    sentences, rows = sentences_from(texts) if texts else own_sentences(), list[dict[str, Any]]()
    done: dict[str, Any] = {"index": "server" if server else "embedded", "vectors": "drawn" if drawn else "made", "sizes": rows}
    for size in sorted(sizes):
        sys.stderr.write(f"Growth: {size} passages{_about(rows, size)}\n")
        begun = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            rows.append({"asked for": size, **_measured(Path(folder), sentences, size, server=server, drawn=drawn)})
        rows[-1]["seconds"] = time.perf_counter() - begun
        done["exponents"] = exponents(rows) if len(rows) > 1 else {}
        if keep:
            keep.write_text(json.dumps(done, indent=2) + "\n", encoding="utf-8")
    return done


def _about(rows: Rows, size: int) -> str:
    """How long a size will take by the one before it."""
    if not rows:
        return ""
    last, larger = rows[-1], size / rows[-1]["passages"]
    more = (last["ingest"] + sum(change["seconds"] for change in last["changes"])) * (larger - 1)
    return f", about {last['seconds'] + more:.0f} s"


def _measured(folder: Path, sentences: Sequence[str], count: int, *, server: bool, drawn: bool) -> dict[str, Any]:
    build(folder / "docs", sentences, count)
    with chroma(folder / "chroma") if server else nullcontext() as started:
        environment = os.environ | {
            "CANCER_BOT_DOCS": str(folder / "docs"),
            "CANCER_BOT_INDEX": str(folder / "index"),
            "CANCER_BOT_CHROMA_URL": started.url if started else "",
        }
        return _in_a_process("drawn" if drawn else "ingest", environment) | _in_a_process("question", environment)


def _in_a_process(what: str, environment: Mapping[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.growth_process", what]
    # From here: a package of the same name may be installed, and the folder of whoever calls is searched first.
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=dict(environment), cwd=ROOT)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def exponents(rows: Rows) -> dict[str, dict[str, float]]:
    """Of each measure's growth with the passages: fitted over all sizes, and between the two largest."""
    import numpy as np

    sizes = np.log([row["passages"] for row in rows])
    found = {}
    for name in MEASURES:
        values = np.log([row[name] for row in rows])
        slope = float(np.polyfit(sizes, values, 1)[0])
        found[name] = {"all": slope, "last two": float((values[-1] - values[-2]) / (sizes[-1] - sizes[-2]))}
    return found


def table(done: Mapping[str, Any]) -> dict[str, str]:
    """The lines of the benchmark's table: each measure at every size, its exponent, and what a change costs at the largest."""
    rows: Rows = done["sizes"]
    lines = {"passages": _series(rows, "passages", 0), "texts, a passage and each of its sentences": _series(rows, "texts", 0)}
    lines["texts embedded, a second"] = " / ".join(f"{row['texts'] / row['ingest']:.0f}" for row in rows)
    for name, unit in MEASURES.items():
        lines[f"{SAID.get(name, name)}, {unit}"] = _series(rows, name, 2 if unit == "s" else 1 if unit == "ms" else 0)
        if slope := done["exponents"].get(name):
            lines[f"{SAID.get(name, name)}, exponent (of the last two)"] = f"{slope['all']:.2f} ({slope['last two']:.2f})"
    last = rows[-1]
    for change in last["changes"]:
        share = change["embedded"] / last["texts"]
        what = f"{change['passages']} of {last['passages']} passages changed: texts embedded, of all; seconds, of a whole ingest"
        took = f"{change['seconds']:.2f} s, {change['seconds'] / last['ingest']:.1%}"
        lines[what] = f"{change['embedded']}, {share:.1%}; {took}"
    return lines


def _series(rows: Rows, name: str, digits: int) -> str:
    return " / ".join(f"{row[name]:.{digits}f}" for row in rows)


def markdown(rows: Rows) -> str:
    """The rows of the table in `docs/deployment.md`."""
    return "\n".join("| " + " | ".join(f"{row[name]:.{digits}f}" for name, digits in COLUMNS) + " |" for row in rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table's rows and the exponents, write both and a plot."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.growth", description="What it costs as the sources grow.")
    parser.add_argument("--texts", type=Path, help="JSON Lines with a field text; default: the project's own texts")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000], help="numbers of passages, two or more")
    parser.add_argument("--out", type=Path, default=Path("build/bench"), help="folder for growth.json and growth.svg")
    parser.add_argument("--server", action="store_true", help="with a Chroma server of its own")
    parser.add_argument("--drawn-vectors", action="store_true", help="without the encoder: what the index itself costs")
    given = parser.parse_args(arguments)
    if len(given.sizes) < 2 or min(given.sizes) < 1:
        parser.error("give two sizes or more, each 1 or more")
    from tests.bench.plots import growth_plot

    given.out.mkdir(parents=True, exist_ok=True)
    file = given.out / "growth.json"
    done = grown(given.sizes, given.texts, server=given.server, drawn=given.drawn_vectors, keep=file)
    growth_plot(done, given.out / "growth.svg")
    print(markdown(done["sizes"]))
    print("\n".join(f"{name}: {value}" for name, value in table(done).items()))


if __name__ == "__main__":
    main()
