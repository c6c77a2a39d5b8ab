"""The benchmark's pictures, drawn as those of the evaluation's report are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from bot.plots import BLACK, BLUE, GREEN, ORANGE

_PANELS = (
    ("s", ("ingest", "again", "open")),
    ("ms", ("question", "question, p95", "encoding")),
    ("MiB", ("ingest memory", "question memory")),
)
_LINES = ((BLUE, "-"), (ORANGE, "--"), (GREEN, ":"))


def growth_plot(done: Mapping[str, Any], file: Path) -> None:
    """Seconds of ingest, milliseconds of a question and memory, each against the passages on logarithmic axes."""
    rows: Sequence[Mapping[str, Any]] = done["sizes"]
    figure = Figure(figsize=(13, 4), layout="constrained")
    for place, (unit, names) in enumerate(_PANELS, 1):
        axes = figure.add_subplot(1, len(_PANELS), place)
        for name, (colour, dashes) in zip(names, _LINES, strict=False):
            slope = done["exponents"].get(name)
            label = f"{name}, exponent {slope['all']:.2f}" if slope else name
            places = [row["passages"] for row in rows], [row[name] for row in rows]
            axes.loglog(*places, "o", color=colour, linestyle=dashes, label=label)
        axes.set(xlabel="passages", ylabel=unit)
        _finish(axes)
    _save(figure, file)


def load_plot(done: Mapping[str, Any], file: Path) -> None:
    """How long an answer took, and the server's memory over the time."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    waits, memory = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2)
    names = ("p50_ms", "p95_ms", "p99_ms", "slowest_ms", "slowest_busy_ms")
    waits.barh([name.removesuffix("_ms").replace("_", " ") for name in names], [done[name] for name in names], color=BLUE)
    waits.invert_yaxis()
    waits.set(xlabel=f"ms, {done['people']} people for {done['seconds']:.0f} s")
    memory.plot(*zip(*done["memory"], strict=True), color=BLUE, label="resident memory of the server")
    if "rss_warm_mib" in done:
        memory.axhline(done["rss_warm_mib"], color=BLACK, linestyle=":", label="after the warm-up")
    memory.set(xlabel="s", ylabel="MiB", ylim=(0, 1.2 * max(mib for _, mib in done["memory"])))
    _finish(memory)
    _save(figure, file)


def once_plot(done: Mapping[str, float], file: Path) -> None:
    """What is ours beside what the encoder alone takes: a cold process in seconds, a warm question in milliseconds."""
    figure = Figure(figsize=(10, 3), layout="constrained")
    panels = (
        ("s", ("help, s", "cold ask, s", "bare process, s")),
        ("ms", ("encoding alone, compiled, ms", "warm question, ms", "encoding alone, ms")),
    )
    for place, (unit, names) in enumerate(panels, 1):
        axes = figure.add_subplot(1, len(panels), place)
        axes.barh([name.removesuffix(f", {unit}") for name in names], [done[name] for name in names], color=BLUE)
        axes.set(xlabel=unit)
        axes.spines[["top", "right"]].set_visible(False)
    _save(figure, file)


def _finish(axes: Any) -> None:
    axes.grid(visible=True, alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)


def _save(figure: Figure, file: Path) -> None:
    with mpl.rc_context({"svg.hashsalt": "bench"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
