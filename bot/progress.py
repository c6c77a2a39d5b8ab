"""A progress bar on stderr for work that takes a while."""

import contextlib
import sys
from collections.abc import Callable, Iterator

# What the bar says while texts become vectors.
EMBEDDING = "Embedding"

# Below this many texts an ingest is over before a bar could be read.
_BAR_FROM = 64


@contextlib.contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on stderr for work that takes a while; nothing at all where there is none or nobody looks."""
    with contextlib.ExitStack() as shown:
        bars: list[Callable[[str, int, int], None]] = []

        def advance(what: str, done: int, total: int) -> None:
            if total >= _BAR_FROM and sys.stderr.isatty():
                bars[:] = bars or [shown.enter_context(_drawn_bar())]
                bars[0](what, done, total)

        yield advance


@contextlib.contextmanager
def _drawn_bar() -> Iterator[Callable[[str, int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda what, done, total: progress.update(task, description=what, completed=done, total=total)
