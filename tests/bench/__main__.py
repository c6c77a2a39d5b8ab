"""`make bench`: ingest, a cold and a warm question, memory, growth and load in one run on one machine, as one table.

    python -m tests.bench            about three minutes: small sizes, few people
    python -m tests.bench --full     what the project's goals ask for: 10,000 passages, 64 people for ten minutes

Prints the table; writes `bench.json` and plots into a folder. Every ratio is taken in this run.
"""

import argparse
import json
import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.growth import grown
from tests.bench.growth import table as growth_table
from tests.bench.once import once
from tests.bench.plots import growth_plot, load_plot, once_plot

PARTS = ("once", "growth", "load")


@dataclass(frozen=True)
class Mode:
    """How much is measured. `cold`: processes of each kind; `warm`: how often each question is asked; `sizes`: in passages."""

    cold: int
    warm: int
    sizes: tuple[int, ...]
    people: int
    minutes: float


QUICK = Mode(cold=3, warm=10, sizes=(10, 40, 160), people=16, minutes=0.5)
FULL = Mode(cold=5, warm=50, sizes=(10, 100, 1000, 10_000), people=64, minutes=10)


def machine() -> dict[str, str]:
    """What it was measured on, without its name."""
    cpus = Path("/proc/cpuinfo")
    model = re.search(r"^model name\s*:\s*(.+)$", cpus.read_text(encoding="utf-8"), re.MULTILINE) if cpus.exists() else None
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()}, Python {platform.python_version()}",
    }


def lines(done: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The table: part, what, figure."""
    rows = [("machine", name, value) for name, value in done["machine"].items()]
    rows += [("one question", name, f"{value:.2f}") for name, value in done.get("once", {}).items()]
    rows += [("growth", name, value) for name, value in (growth_table(done["growth"]) if "growth" in done else {}).items()]
    shown = {name: value for name, value in done.get("load", {}).items() if name != "memory"}
    return rows + [("load", name, str(value)) for name, value in shown.items()]


def printed(rows: Sequence[tuple[str, str, str]]) -> str:
    """As Markdown."""
    table = [("part", "what", "figure"), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    said = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in table]
    return "\n".join([said[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *said[1:]])


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write, print. Status 1 where an answer under load was an error or another's."""
    given = _given(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    done: dict[str, Any] = {"mode": "full" if given.full else "quick", "machine": machine()}
    for part in given.parts:
        done[part] = _measured(part, given)
        done["machine"]["measured in"] = f"{time.perf_counter() - begun:.0f} s"
        # After each part: a long run that is stopped keeps what it has.
        (given.out / "bench.json").write_text(json.dumps(done, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(printed(lines(done)))
    sys.stderr.write(f"Also in {given.out}, with plots\n")
    load = done.get("load", {})
    return 1 if load.get("errors") or load.get("wrong") else 0


def _given(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="All measurements in one run, as one table.")
    parser.add_argument("--full", action="store_true", help=f"{FULL}; else {QUICK}")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="only these")
    parser.add_argument("--people", type=int, help="who ask at the same time under load")
    parser.add_argument("--minutes", type=float, help="how long they do")
    parser.add_argument("--sizes", type=int, nargs="+", help="numbers of passages, two or more")
    parser.add_argument("--texts", type=Path, help="JSON Lines with a field text to grow from; default: the project's own texts")
    parser.add_argument("--out", type=Path, default=Path("build/bench"), help="folder for bench.json and the plots")
    given = parser.parse_args(arguments)
    for name, value in vars(FULL if given.full else QUICK).items():
        if getattr(given, name, None) is None:
            setattr(given, name, value)
    if len(set(given.sizes)) < 2 or min(given.sizes) < 1:
        parser.error("give two different sizes or more, each 1 or more")
    return given


def _measured(part: str, given: argparse.Namespace) -> dict[str, Any]:
    """One part, with its plot."""
    if part == "growth":
        found = grown(given.sizes, given.texts, keep=given.out / "growth.json")
        growth_plot(found, given.out / "growth.svg")
        return found
    if part == "load":
        from tests.load import THINK, measured

        figures = measured(given.people, given.minutes * 60, THINK)
        load_plot(figures, given.out / "load.svg")
        return figures
    with tempfile.TemporaryDirectory() as folder:
        costs = once(Path(folder) / "index", cold_rounds=given.cold, warm_rounds=given.warm)
    once_plot(costs, given.out / "once.svg")
    return costs


if __name__ == "__main__":
    sys.exit(main())
