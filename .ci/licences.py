"""Reads the licence of every locked package and writes docs/licences.md; fails on one that .ci/licences.toml doesn't allow.

With `--check` it writes nothing.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "docs" / "licences.md"
HEAD = """# Licences of the dependencies

Made by `make licences`; what may stand here, and why, is in `.ci/licences.toml`. The versions are in `requirements.lock`. None of
these packages is part of the program: each is installed beside it from a package registry.

| package | licence | why it is allowed |
|---|---|---|
"""
ELSEWHERE = "\n## Not installed on the machine that wrote this list\n\n| package | licence |\n|---|---|\n"
CUDA = (
    "\nThe packages of `.ci/cuda.lock` come only with a build of torch for NVIDIA cards. Most are under NVIDIA's own licence.\n"
)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> set[str]:
    """The names in requirements.lock."""
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    return {canonical(name) for name in re.findall(r"^([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==", lock, flags=re.MULTILINE)}


def read_licences(names: set[str]) -> dict[str, str]:
    """Package to licence as its metadata says it, of those of `names` that are installed."""
    command = [str(Path(sys.executable).parent / "pip-licenses"), "--from=mixed", "--with-system", "--format=json"]
    done = subprocess.run([*command, "--packages", *sorted(names)], check=True, capture_output=True, text=True)
    return {canonical(row["Name"]): str(row["License"]).strip().splitlines()[0] for row in json.loads(done.stdout)}


def unwrapped(part: str) -> str:
    """Without the half of a pair of brackets that an expression was cut through."""
    part = part.removeprefix("(")
    return part.removesuffix(")") if part.count(")") > part.count("(") else part


def reason(name: str, licence: str, rules: dict[str, Any]) -> str | None:
    """Why the package is allowed; None where it is not."""
    if name in rules["packages"]:
        return str(rules["packages"][name]["why"])
    parts = [unwrapped(part.strip()) for part in re.split(r";| AND | OR ", licence)]
    if any(part not in rules["allowed"] for part in parts):
        return None
    return "; ".join(dict.fromkeys(rules["allowed"][part] for part in parts))


def rows(licences: dict[str, str], rules: dict[str, Any]) -> Iterator[str]:
    for name, licence in sorted(licences.items()):
        said = rules["packages"].get(name, {}).get("licence", licence)
        yield f"| {name} | {said} | {reason(name, licence, rules)} |\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    rules = tomllib.loads((ROOT / ".ci" / "licences.toml").read_text("utf-8"))
    names = locked()
    licences = read_licences(names)
    refused = [f"{name}: {licence}" for name, licence in licences.items() if reason(name, licence, rules) is None]
    refused += [f"{name}: not installed here, and not known" for name in names - set(licences) - set(rules["elsewhere"])]
    if refused:
        sys.exit(
            "No licence that .ci/licences.toml allows: "
            + "; ".join(sorted(refused))
            + ". Do without it, or add it there with a reason."
        )
    if check:
        return
    elsewhere = [f"| {name} | {rules['elsewhere'][name]} |\n" for name in sorted(names - set(licences))]
    LIST.write_text(HEAD + "".join(rows(licences, rules)) + ELSEWHERE + "".join(elsewhere) + CUDA, encoding="utf-8")
    print(LIST.read_text("utf-8"), end="")


if __name__ == "__main__":
    main()
