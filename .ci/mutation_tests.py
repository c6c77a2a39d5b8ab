"""Runs the same tests again and again for `mutation.py`, each time in a fork of a process that has the libraries loaded.

Arguments: seconds for one run, then the tests. Each line in the pipe `asked` is answered by an exit status in `told`.
"""

import contextlib
import importlib
import os
import signal
import sys
from pathlib import Path

import pytest


def start(seconds: int, tests: list[str], loaded: int | None = None) -> int:
    """Start the tests in a fork and return its number. The names of the libraries that they load go to `loaded`."""
    child = os.fork()
    if child == 0:
        signal.alarm(seconds)  # ends the fork, and so counts as noticed
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            status = pytest.main(["-q", "-x", "-p", "no:cacheprovider", *tests])
        if loaded is not None:
            os.write(loaded, "\n".join(libraries()).encode())
        os._exit(int(status))
    return child


def libraries() -> list[str]:
    """The modules of this process that are not part of the tree, which each run has to load for itself."""
    here = str(Path.cwd())
    files = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
    return [name for name, file in files.items() if file and not file.startswith(here) and not name.startswith("__")]


def load(seconds: int, tests: list[str]) -> None:
    read, write = os.pipe()
    child = start(seconds, tests, write)
    os.close(write)
    with os.fdopen(read) as names:
        wanted = names.read().split()
    os.waitpid(child, 0)
    for name in wanted:
        with contextlib.suppress(ImportError):  # some can only be imported by what imported them there
            importlib.import_module(name)


def main() -> None:
    seconds, tests = int(sys.argv[1]), sys.argv[2:]
    load(seconds, tests)
    while True:
        Path("asked").read_text(encoding="utf-8")
        _, status = os.waitpid(start(seconds, tests), 0)
        Path("told").write_text(f"{int(status != 0)}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
