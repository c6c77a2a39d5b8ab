"""The report's pictures, each as one data address: nothing to load, and lines drawn sharp at any size."""

import base64
import io
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from bot.question_set import ALL
from bot.scores import Point, Scores

# Colours that stay apart for the colour-blind (Okabe & Ito 2008); dashes and hatches say the same without colour.
BLUE, ORANGE, GREEN, BLACK = "#0072B2", "#D55E00", "#009E73", "#000000"
_LINES = ((BLUE, "-"), (ORANGE, "--"), (GREEN, ":"))
_BARS = (("correct", BLUE, ""), ("answered", "#E69F00", "///"))

# Inches: a phone shows the picture as wide as its screen, so that letters have to be large in it.
WIDTH = 6.4
PER_SLICE = 0.42


def coverage_plot(curves: Mapping[str, Sequence[Point]], chosen: Point | None) -> str:
    """Share of questions answered against the share of these that could be, one line for each score; the point in use marked."""
    with _style():
        canvas = Canvas(figsize=(WIDTH, 4.6), layout="constrained")
        axes = canvas.add_subplot()
        for (name, points), (colour, dashes) in zip(curves.items(), _LINES, strict=False):
            places = [point.coverage for point in points], [point.accuracy for point in points]
            axes.step(*places, color=colour, linestyle=dashes, linewidth=2, where="post", label=name)
        if chosen:
            label = f"threshold in use: {chosen.threshold:.2f}"
            axes.plot(chosen.coverage, chosen.accuracy, "o", color=BLACK, markersize=9, label=label)
        axes.set(
            xlim=(0, 1), ylim=(0, 1.02), xlabel="share of all questions answered", ylabel="share of these that are answerable"
        )
        _finish(axes)
        return _address(canvas)


def slice_plot(scores: Scores) -> str:
    """For each slice, what was correct and what was answered, with their intervals."""
    with _style():
        canvas = Canvas(figsize=(WIDTH, 1.4 + PER_SLICE * len(scores)), layout="constrained")
        axes = canvas.add_subplot()
        for row, (measure, colour, hatch) in enumerate(_BARS):
            _bars(axes, scores, measure, colour, hatch, shift=(row - 0.5) * 0.38)
        names = [f"{slice} ({figures['correct'].n})" for slice, figures in scores.items()]
        # What people call their slices is text, not formulae.
        axes.set_yticks(range(len(names)), labels=names, parse_math=False)
        axes.get_yticklabels()[list(scores).index(ALL)].set_fontweight("bold")
        axes.set(xlim=(0, 1), ylim=(len(names) - 0.4, -0.6), xlabel="share of the slice's questions, with 95 % interval")
        _finish(axes)
        return _address(canvas)


def _style() -> AbstractContextManager[None]:
    return mpl.rc_context({"font.size": 11, "svg.hashsalt": "report", "hatch.linewidth": 0.6})


def _bars(axes: Axes, scores: Scores, measure: str, colour: str, hatch: str, *, shift: float) -> None:
    for place, figures in enumerate(scores.values()):
        figure = figures[measure]
        if figure.value is None or figure.low is None or figure.high is None:
            continue
        reach = [[max(0.0, figure.value - figure.low)], [max(0.0, figure.high - figure.value)]]
        label = measure if place == 0 else None
        axes.barh(place + shift, figure.value, 0.36, color=colour, hatch=hatch, edgecolor="white", label=label)
        axes.errorbar(figure.value, place + shift, xerr=reach, color=BLACK, capsize=2, linewidth=1)


def _finish(axes: Axes) -> None:
    axes.grid(visible=True, axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.get_figure(root=True).legend(loc="outside upper left", ncols=2, frameon=False)  # type: ignore[union-attr]


def _address(canvas: Canvas) -> str:
    drawn = io.BytesIO()
    canvas.savefig(drawn, format="svg", metadata={"Date": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn.getvalue()).decode()}"
