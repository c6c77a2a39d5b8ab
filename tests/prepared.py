"""The real command in forks of one process that has imported everything: half a second a run instead of eight.

`Prepared` starts that process and gives it runs, any number at once; each may be killed, or held to a size of file. Run as a
command this module is that process. Nothing has been computed or opened before a fork, so no thread is lost in one.
"""

import contextlib
import dataclasses
import importlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NoReturn

# Root may read and write everything; without these capabilities permissions hold for it, too.
AS_ANYBODY = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


@dataclass(frozen=True)
class Run:
    """One run of the command. `after` and `kill_after`: seconds from the start of all; `file_bytes`: no file may grow beyond."""

    arguments: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    after: float = 0.0
    kill_after: float | None = None
    file_bytes: int | None = None


@dataclass(frozen=True)
class Done:
    """How a run ended: its exit status (-9 when it was killed), and what it printed."""

    status: int
    out: str
    err: str


class Prepared:
    """A process that forks runs; close it, or use it in a `with`."""

    def __init__(self) -> None:
        root = str(Path(__file__).parent.parent)
        anybody = AS_ANYBODY if os.geteuid() == 0 and shutil.which("setpriv") else []
        self.obeys_permissions = os.geteuid() != 0 or bool(anybody)
        self._process = subprocess.Popen(
            [*anybody, sys.executable, "-m", "tests.prepared"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": root, "PYTHONWARNINGS": "ignore"},
        )
        assert self._out.readline() == "ready\n"

    def run(self, *runs: Run) -> list[Done]:
        """Run all of them at once; returns when the last has ended."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps([dataclasses.asdict(run) for run in runs]) + "\n")
        self._process.stdin.flush()
        return [Done(**done) for done in json.loads(self._out.readline())]

    @property
    def _out(self) -> IO[str]:
        assert self._process.stdout
        return self._process.stdout

    def __enter__(self) -> "Prepared":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.__exit__(kind, error, trace)


def main() -> None:
    import_everything()
    print("ready", flush=True)
    for line in sys.stdin:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(run_all([Run(**run) for run in json.loads(line)], Path(folder))), flush=True)


def import_everything() -> None:
    """What a run would import or compile by itself; none of it starts a thread."""
    for name in (
        "chromadb",
        "sentence_transformers",
        "transformers.models.bert.modeling_bert",
        "bm25s",
        "bot.opening",
        "bot.render",
    ):
        importlib.import_module(name)
    from bot.safety.assessment import assess

    assess("hello")


def run_all(runs: Sequence[Run], folder: Path) -> list[dict[str, Any]]:
    begun = time.monotonic()
    children = [start(run, folder / str(number)) for number, run in enumerate(runs)]
    killed = sorted((run.kill_after, child) for run, child in zip(runs, children, strict=True) if run.kill_after is not None)
    for moment, child in killed:
        time.sleep(max(0.0, begun + moment - time.monotonic()))
        # Not waited for yet, so its number is nobody else's, even where it has ended.
        os.kill(child, signal.SIGKILL)
    statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    said = [[(folder / f"{number}.{name}").read_text(encoding="utf-8") for name in ("out", "err")] for number in range(len(runs))]
    return [{"status": status, "out": out, "err": err} for status, (out, err) in zip(statuses, said, strict=True)]


def start(run: Run, said: Path) -> int:
    child = os.fork()
    if child == 0:
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(said.with_suffix(f".{name}"), os.O_WRONLY | os.O_CREAT), number)
        become(run)
    return child


def become(run: Run) -> NoReturn:
    """Be the command from here on."""
    import torch

    from bot.cli import main as command

    torch.set_num_threads(1)
    os.environ.update(run.environment)
    # The folder for temporary files was chosen before the fork; the run has a choice of its own.
    tempfile.tempdir = None
    time.sleep(run.after)
    if run.file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (run.file_bytes, run.file_bytes))
    sys.argv = ["cancer-bot", *run.arguments]
    status: int | str | None = 0
    try:
        command()
    except SystemExit as ended:
        status = ended.code
    except BaseException:  # noqa: BLE001 -- a traceback is what the tests look for; it must not unwind into the parent's code
        import traceback

        traceback.print_exc()
        status = 70
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status if isinstance(status, int) else 1)


if __name__ == "__main__":
    main()
