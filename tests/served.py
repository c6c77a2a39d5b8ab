"""The real command serving on a free port, and a real browser; both end with the tests that use them."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from bot.web.security import Application

CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
NO_CHROMIUM = "there is no Chromium here: install it with `apt-get install -y chromium`"
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run".split()
)
SECONDS = 90


@dataclass
class Served:
    """A server that is ready: its address, its process and the file that takes what it says."""

    address: str
    process: "subprocess.Popen[str]"
    said: Path

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=20)


def health(address: str) -> tuple[int, dict[str, object]]:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:  # noqa: S310 -- our own address
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@contextlib.contextmanager
def serving(index: Path, folder: Path, *, port: int = 0, **settings: str) -> Iterator[Served]:
    """`cancer-bot serve` in a process of its own; `port`: 0 for any that is free; `settings` without their prefix."""
    said = folder / "said.txt"
    environment = {
        name: value for name, value in os.environ.items() if not name.upper().startswith(("CANCER_BOT_", "GRADIO_"))
    } | {"CANCER_BOT_INDEX": str(index), **{f"CANCER_BOT_{name.upper()}": value for name, value in settings.items()}}
    with said.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--port", str(port)],
            stdout=out,
            stderr=out,
            text=True,
            cwd=folder,
            env=environment,
        )
    try:
        yield Served(_address(process, said), process, said)
    finally:
        process.kill()
        process.wait()


def _address(process: "subprocess.Popen[str]", said: Path) -> str:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(r"http://\S+", said.read_text(encoding="utf-8")):
            return found[0]
        time.sleep(0.2)
    raise AssertionError(f"not ready after {SECONDS} s: {said.read_text(encoding='utf-8')}")


@contextlib.contextmanager
def running(application: Application) -> Iterator[str]:
    """An application served by a thread of this process; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(application, log_level="critical", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=20)
