"""Renews the lock files from pyproject.toml: every version pinned, every file that the registry offers for it hashed.

`requirements.lock` is what `make` installs. `.ci/cuda.lock` holds the CUDA packages that a GPU build of torch asks for and
a CPU build does not, so which of them is needed is seen only after torch is there. `.ci/supply.lock` holds the tools of the
dependency group `supply`. Versions that are locked already stay where they are, unless `--upgrade` is given.

A registry may serve a torch of its own (a CPU build, say) that the public list of files doesn't hold. So the file that pip
takes on the machine that renews the lock is hashed, too, and hashes found so earlier are kept while the version stays.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAIN, CUDA, SUPPLY = ROOT / "requirements.lock", ROOT / ".ci" / "cuda.lock", ROOT / ".ci" / "supply.lock"
OLDEST_PYTHON = "3.11"
UV_OPTIONS = ["--universal", "--python-version", OLDEST_PYTHON, "--fork-strategy", "fewest", "--generate-hashes", "--no-header"]
UV_OPTIONS += ["--no-emit-index-url", "--quiet"]

Blocks = dict[str, str]


def read_blocks(text: str) -> Blocks:
    """Name of a package to its lines in the lock: the pin, its hashes and what asked for it."""
    pieces = re.split(r"^(?=[a-zA-Z0-9])", text, flags=re.MULTILINE)
    return {re.split(r"[=\[ ]", piece, maxsplit=1)[0]: piece for piece in pieces if piece and not piece.startswith("#")}


def is_cuda(name: str) -> bool:
    """Whether only a GPU build of torch asks for the package."""
    return name.startswith(("nvidia-", "cuda-")) or name == "triton"


def hashes_of(block: str) -> set[str]:
    return set(re.findall(r"--hash=(sha256:[0-9a-f]{64})", block))


def version_of(block: str) -> str:
    return re.split(r"==|[ \n]", block, maxsplit=2)[1]


def with_hashes(block: str, more: set[str]) -> str:
    """The block with every hash in order; the lines above and below them as they were."""
    lines = sorted(f"    --hash={digest}" for digest in hashes_of(block) | more)
    first, after = block.split("\n", 1)[0], block[block.rindex("--hash=") :].split("\n", 1)[1]
    return f"{first}\n" + " \\\n".join(lines) + f"\n{after}"


def compiled(old: str, arguments: list[str]) -> Blocks:
    """What uv resolves for every platform, from the versions of `old` where they still fit."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "lock.txt"
        out.write_text(old, encoding="utf-8")
        subprocess.run(["uv", "pip", "compile", *UV_OPTIONS, *arguments, "--output-file", str(out)], check=True, cwd=ROOT)
        return read_blocks(out.read_text(encoding="utf-8"))


def hash_served_here(pin: str) -> set[str]:
    """The hash of the file that pip takes for `pin` on this machine and for this Python."""
    options = ["--dry-run", "--quiet", "--report", "-", "--no-deps", "--ignore-installed", "--disable-pip-version-check"]
    done = subprocess.run([sys.executable, "-m", "pip", "install", *options, pin], check=True, stdout=subprocess.PIPE, text=True)
    report = json.loads(done.stdout)
    return {f"sha256:{item['download_info']['archive_info']['hashes']['sha256']}" for item in report["install"]}


def torch_block(block: str, old: Blocks) -> str:
    kept = hashes_of(old["torch"]) if "torch" in old and version_of(old["torch"]) == version_of(block) else set()
    return with_hashes(block, kept | hash_served_here(f"torch=={version_of(block)}"))


def write(path: Path, blocks: Blocks) -> None:
    path.write_text("# Made by make lock; do not edit.\n" + "".join(blocks[name] for name in sorted(blocks)), encoding="utf-8")
    print(f"{path.relative_to(ROOT)}: {len(blocks)} packages", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that pyproject.toml allows")
    upgrade = ["--upgrade"] if parser.parse_args().upgrade else []
    old_main, old_cuda, old_supply = (path.read_text("utf-8") if path.exists() else "" for path in (MAIN, CUDA, SUPPLY))
    packages = compiled(old_main + old_cuda, ["pyproject.toml", "--extra", "dev", *upgrade])
    packages["torch"] = torch_block(packages["torch"], read_blocks(old_main))
    write(MAIN, {name: block for name, block in packages.items() if not is_cuda(name)})
    write(CUDA, {name: block for name, block in packages.items() if is_cuda(name)})
    write(SUPPLY, compiled(old_supply, ["--group", "pyproject.toml:supply", *upgrade]))


if __name__ == "__main__":
    main()
