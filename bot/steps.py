"""What happens on a question's way, for whoever watches: its steps by name, what each notes of itself, how long it took.

Nobody watches by default, and then nothing is made and nothing kept.
"""

import contextlib
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol

Value = str | int | float | bool


@dataclass
class Step:
    """A step that is watched. `notes` never hold a word of a person, of the article or of a model; `texts` do."""

    name: str
    notes: dict[str, Value] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


class Watcher(Protocol):
    """Is told of steps."""

    def watch(self, step: Step) -> AbstractContextManager[object]:
        """Entered when a step begins, left when it has ended and its notes are complete."""
        ...


class Recorder:
    """Keeps the steps in memory, in the order in which they ended."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    @contextlib.contextmanager
    def watch(self, step: Step) -> Iterator[None]:
        """Keep it when it has ended."""
        try:
            yield
        finally:
            self.steps.append(step)


_watchers: ContextVar[tuple[Watcher, ...]] = ContextVar("watchers", default=())
_current: ContextVar[Step | None] = ContextVar("current", default=None)


@contextlib.contextmanager
def watched_by(watcher: Watcher | None) -> Iterator[None]:
    """Within it, a watcher is told of the steps, beside those that watch already; without one nothing changes."""
    if watcher is None:
        yield
        return
    token = _watchers.set((*_watchers.get(), watcher))
    try:
        yield
    finally:
        _watchers.reset(token)


@contextlib.contextmanager
def recorded() -> Iterator[list[Step]]:
    """Within it, the steps that ended so far."""
    recorder = Recorder()
    with watched_by(recorder):
        yield recorder.steps


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """A step of that name, its milliseconds noted at the end."""
    watchers = _watchers.get()
    if not watchers:
        yield
        return
    one, begun = Step(name), time.perf_counter()
    with contextlib.ExitStack() as watching:
        for watcher in watchers:
            watching.enter_context(watcher.watch(one))
        token = _current.set(one)
        try:
            yield
        except BaseException as error:
            # Only its kind: what an error says may hold a question or a key.
            one.notes["error"] = type(error).__name__
            raise
        finally:
            one.notes["milliseconds"] = round((time.perf_counter() - begun) * 1000, 3)
            _current.reset(token)


def note(**notes: Value) -> None:
    """Note names, counts and measures of the step that is under way."""
    if one := _current.get():
        one.notes.update(notes)


def tell(**texts: str) -> None:
    """What was said in the step that is under way, for those who have asked for texts."""
    if one := _current.get():
        one.texts.update(texts)
