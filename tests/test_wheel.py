"""The built wheel carries all that it needs and runs from any folder.

`make release` names the folder of its files in RELEASE_DIST: then those are tested, in an environment that holds nothing else
but what they ask for. Otherwise both are built here, and the dependencies are borrowed from this environment.
"""

import os
import re
import site
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

RELEASE = os.environ.get("RELEASE_DIST")


def built(kind: str, source: Path, out: Path) -> Path:
    command = [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", str(out), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    return next(out.iterdir())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return next(Path(RELEASE).glob("*.whl")) if RELEASE else built("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return next(Path(RELEASE).glob("*.tar.gz")) if RELEASE else built("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed from the wheel alone."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=bool(RELEASE))
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--disable-pip-version-check"]
    if RELEASE:
        locked = [str(ROOT / ".ci" / "install.py"), str(ROOT / "requirements.lock")]
        subprocess.run([str(python), *locked], check=True, capture_output=True)
        subprocess.run([*pip, str(wheel)], check=True, capture_output=True)
    else:
        # A plain path adds the dependencies without the editable project, whose .pth file is not followed from here.
        packages = next(folder.glob("lib/python*/site-packages"))
        (packages / "borrowed.pth").write_text("\n".join(site.getsitepackages()))
        subprocess.run([*pip, "--no-deps", "--no-index", "--ignore-installed", str(wheel)], check=True, capture_output=True)
    return folder / "bin" / "cancer-bot"


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """In a foreign folder, with nothing of this tree in reach and an index of its own."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["CANCER_BOT_INDEX"] = str(folder / "index")
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_holds_code_texts_and_article(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        path.relative_to(ROOT).as_posix() for folder in ("bot", "ingest", "prompts") for path in (ROOT / folder).rglob("*.*")
    }
    expected = {name for name in expected if "__pycache__" not in name}
    expected |= {"docs_source/treating-advanced-cancer.txt", "docs_source/treating-advanced-cancer.toml"}
    assert expected <= names
    assert not [name for name in names if name.startswith(("tests/", ".ci/", "docs/"))]


def test_the_sdist_builds_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    again = built("wheel", next((tmp_path / "source").iterdir()), tmp_path / "wheel")
    assert again.name == wheel.name
    assert contents(again) == contents(wheel)


def test_the_wheel_answers_from_a_foreign_folder(installed: Path, tmp_path: Path) -> None:
    done = run([str(installed), "ask", "What is palliative radiation?"], tmp_path)
    assert done.returncode == 0, done.stderr
    shown = " ".join(done.stdout.split())
    number = re.search(r"This is called palliative radiation\. \[(\d)\]", shown)
    assert number
    assert re.search(rf"\[{number[1]}\] Treating Advanced Cancer › Radiation therapy [^\[]* characters 6452 to 6488", shown)
    where = run([str(installed.parent / "python"), "-c", "import bot; print(bot.__file__)"], tmp_path)
    assert where.stdout.startswith(str(installed.parent.parent))


def test_the_wheel_finds_itself_healthy(installed: Path, tmp_path: Path) -> None:
    assert run([str(installed), "ingest"], tmp_path).returncode == 0
    done = run([str(installed), "doctor"], tmp_path)
    assert done.returncode == 0, done.stdout


def test_the_wheel_lists_its_commands(installed: Path, tmp_path: Path) -> None:
    done = run([str(installed), "--help"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert {"ingest", "ask", "serve", "evaluate", "tune", "doctor"} <= set(done.stdout.split())


@pytest.mark.skipif(not RELEASE, reason="borrowed dependencies are checked where they are installed")
def test_the_wheel_asks_for_what_is_locked(installed: Path, tmp_path: Path) -> None:
    python = [sys.executable, "-m", "pip", "--python", str(installed.parent / "python")]
    done = run([*python, "check"], tmp_path)
    assert done.returncode == 0, done.stdout
