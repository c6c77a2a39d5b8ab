"""Run by test_kill: forks a whole ingest, kills it after a share of its time that it is told, and says so.

Forking from a process that has imported everything spends the time on the ingest, not on imports, so that kills hit
every stage of it. Nothing has been computed or opened before the fork: no thread is lost in it.
"""

import os
import signal
import sys
import time
from pathlib import Path

import chromadb
import sentence_transformers
import torch

from bot.opening import weights_for
from bot.settings import Settings
from ingest.index import ingest

assert chromadb
assert sentence_transformers


def main() -> None:
    docs, index = Path(sys.argv[1]), Path(sys.argv[2])
    begun = time.perf_counter()
    os.waitpid(start(docs, index), 0)
    span = time.perf_counter() - begun
    print("ready", flush=True)
    for line in sys.stdin:
        child = start(docs, index)
        time.sleep(float(line) * span)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"ended {os.waitstatus_to_exitcode(status)}", flush=True)


def start(docs: Path, index: Path) -> int:
    child = os.fork()
    if child == 0:
        torch.set_num_threads(1)
        ingest(docs, index, weights_for(Settings()), force=True)
        os._exit(0)
    return child


if __name__ == "__main__":
    main()
