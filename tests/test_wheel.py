"""The built wheel carries all that it needs and runs from any folder."""

import os
import site
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed from the wheel alone; only the dependencies are borrowed from this environment."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False)
    packages = next(folder.glob("lib/python*/site-packages"))
    # A plain path adds the dependencies without the editable project, whose .pth file is not followed from here.
    (packages / "borrowed.pth").write_text("\n".join(site.getsitepackages()))
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    options = ["--no-deps", "--no-index", "--ignore-installed", "--quiet"]
    subprocess.run([*pip, "install", *options, str(wheel)], check=True, capture_output=True)
    return folder / "bin" / "cancer-bot"


def test_the_wheel_holds_code_texts_and_article(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        path.relative_to(ROOT).as_posix() for folder in ("bot", "ingest", "prompts") for path in (ROOT / folder).rglob("*.*")
    }
    expected = {name for name in expected if "__pycache__" not in name}
    expected |= {"docs_source/treating-advanced-cancer.txt", "docs_source/treating-advanced-cancer.toml"}
    assert expected <= names
    assert not [name for name in names if name.startswith("tests/")]


def test_the_wheel_answers_from_a_foreign_folder(installed: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "CANCER_BOT_INDEX": str(tmp_path / "index")}
    command = [str(installed), "ask", "What is palliative radiation?"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "This is called palliative radiation. [2]" in " ".join(done.stdout.split())
    where = subprocess.run(
        [str(installed.parent / "python"), "-c", "import bot; print(bot.__file__)"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    assert str(ROOT) not in where.stdout


def test_the_wheel_finds_itself_healthy(installed: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "CANCER_BOT_INDEX": str(tmp_path / "index")}
    subprocess.run([str(installed), "ingest"], check=True, capture_output=True, cwd=tmp_path, env=environment)
    done = subprocess.run([str(installed), "doctor"], capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0, done.stdout
