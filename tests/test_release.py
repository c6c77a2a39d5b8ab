"""What is installed is pinned, hashed and allowed, and the version stands in one place."""

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = [ROOT / "requirements.lock", ROOT / ".ci" / "cuda.lock", ROOT / ".ci" / "supply.lock"]
PIN = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[\w.!+]+)(?: ; (?P<marker>.+?))? \\")


def entries(lock: Path) -> list[str]:
    """Each package's lines: the pin, its hashes, and what asked for it."""
    text = lock.read_text(encoding="utf-8")
    return [entry for entry in re.split(r"^(?=[a-zA-Z0-9])", text, flags=re.MULTILINE) if not entry.startswith("#")]


def pins(lock: Path) -> dict[str, str]:
    return {match["name"].lower(): match["version"] for entry in entries(lock) if (match := PIN.match(entry))}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_has_one_version_and_hashes(lock: Path) -> None:
    assert entries(lock)
    for entry in entries(lock):
        assert PIN.match(entry), entry.splitlines()[0]
        assert re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry.splitlines()[0]
    assert len(pins(lock)) == len(entries(lock))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_the_locks_name_no_registry(lock: Path) -> None:
    assert not re.search(r"://|--(?:extra-)?index-url|--find-links|--trusted-host|@ ", lock.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("lock", "asked"),
    [
        (LOCKS[0], PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["dev"]),
        (LOCKS[0], PROJECT["build-system"]["requires"]),
        (LOCKS[2], PROJECT["dependency-groups"]["supply"]),
    ],
    ids=["project", "build", "supply"],
)
def test_what_is_asked_for_is_locked(lock: Path, asked: list[str]) -> None:
    """A dependency that was added or moved and not locked: run make lock."""
    locked = pins(lock)
    for requirement in map(Requirement, asked):
        version = locked.get(re.sub(r"[-_.]+", "-", requirement.name).lower())
        assert version is not None, f"{requirement.name} is not in {lock.name}: run make lock"
        assert requirement.specifier.contains(version), f"{requirement} against {version} in {lock.name}: run make lock"


def test_what_the_locked_packages_ask_for_is_locked() -> None:
    """The lock is installed without resolving anything, so it has to be whole: on this machine and Python, at least."""
    locked = pins(LOCKS[0])
    missing = []
    for name, version in locked.items():
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # for another system or Python
        if distribution.version.split("+")[0] != version:
            continue  # installed without the lock
        for requirement in map(Requirement, distribution.requires or []):
            wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            if wanted and not requirement.name.startswith(("nvidia", "cuda", "triton")):
                missing += [requirement.name] if not found(requirement.name, locked) else []
    assert not missing


def found(name: str, locked: dict[str, str]) -> bool:
    return re.sub(r"[-_.]+", "-", name).lower() in {re.sub(r"[-_.]+", "-", other).lower() for other in locked}


def test_every_licence_is_allowed() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "licences.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_list_of_licences_has_every_locked_package() -> None:
    """Run make licences."""
    listed = set(
        re.findall(r"^\| ([a-z0-9-]+) \|", (ROOT / "docs" / "licences.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    )
    assert listed - {"package"} == {re.sub(r"[-_.]+", "-", name) for name in pins(LOCKS[0])}


def test_the_version_stands_in_one_place() -> None:
    version = PROJECT["project"]["version"]
    said = re.compile(rf"""(?:__version__|version)\s*[:=]\s*["']{re.escape(version)}["']""")
    files = [path for folder in ("bot", "ingest", "prompts") for path in (ROOT / folder).rglob("*.py")]
    assert not [path for path in files if said.search(path.read_text(encoding="utf-8"))]


def test_hooks_and_forge_call_the_same_tools() -> None:
    """Hooks download nothing; the forge's run is `make test` on each Python that the project names, and may only read."""
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"repo: (\S+)", hooks) == ["local"]
    assert set(re.findall(r"entry: (\S+)", hooks)) == {".venv/bin/ruff", ".venv/bin/mypy"}
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    assert "- run: make test\n" in workflow
    assert "permissions:\n  contents: read\n" in workflow
    assert re.findall(r"python: \[(.+)\]", workflow) == ['"3.11", "3.12", "3.13"']
