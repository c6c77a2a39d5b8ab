"""Installs what a lock file lists into the environment of the interpreter that runs this: these files and no others.

torch goes first and alone. Of several files that it may take, pip prefers one whose hash the registry tells beforehand, so that
a CPU build that lies in a folder would lose against the public build for NVIDIA cards and its gigabytes. So pip is asked what it
would take without a lock; that file is installed, if the lock knows its hash.

`--for FOLDER` installs only what the project there needs to run, beside a torch that is there already: so does the image, which
takes torch from a registry of its own.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from lock import CUDA, hash_served_here, hashes_of, is_cuda, read_blocks, version_of

OPTIONS = ["--disable-pip-version-check", "--quiet", "--progress-bar", "on", "--require-hashes", "--no-deps"]


def install(lock: Path) -> None:
    subprocess.run([sys.executable, "-m", "pip", "install", *OPTIONS, "--requirement", str(lock)], check=True)


def install_torch(lock: Path) -> None:
    block = read_blocks(lock.read_text("utf-8"))["torch"]
    pin = f"torch=={version_of(block)}"
    served = hash_served_here(pin)
    if not served <= hashes_of(block):
        sys.exit(
            f"{pin}: the file that your registry serves has the hash {', '.join(sorted(served))}, which {lock} does not know."
        )
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "torch.lock"
        one.write_text(f"{pin} {' '.join(f'--hash={digest}' for digest in served)}\n", encoding="utf-8")
        install(one)


def asks_for_cuda() -> bool:
    return any(is_cuda(line) for line in metadata.requires("torch") or [])


def install_for(project: Path, lock: Path) -> None:
    """Install the part of the lock that a project needs to run and that is not there yet."""
    blocks = read_blocks(lock.read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        constraints, part = Path(folder) / "constraints.txt", Path(folder) / "part.lock"
        constraints.write_text("".join(f"{name}=={version_of(block)}\n" for name, block in blocks.items()), encoding="utf-8")
        ask = ["install", "--dry-run", "--quiet", "--report", "-", "--constraint", str(constraints), str(project)]
        asked = subprocess.run([sys.executable, "-m", "pip", *ask], check=True, stdout=subprocess.PIPE, text=True).stdout
        needed = [re.sub(r"[-_.]+", "-", one["metadata"]["name"]).lower() for one in json.loads(asked)["install"]]
        part.write_text("".join(blocks[name] for name in needed if name in blocks), encoding="utf-8")
        install(part)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lock", type=Path)
    parser.add_argument("--for", dest="project", type=Path, help="folder of the project that is to run")
    given = parser.parse_args()
    try:
        if given.project:
            install_for(given.project, given.lock)
            return
        install_torch(given.lock)
        install(given.lock)
        if asks_for_cuda():
            print("This build of torch is for NVIDIA cards: fetching what it needs, some gigabytes.", file=sys.stderr)
            install(CUDA)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)


if __name__ == "__main__":
    main()
