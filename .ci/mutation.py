"""Breaks one line at a time, in a copy of the tree, and lists each change that the module's own tests do not notice."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
COPIES = ROOT / "build" / "mutation"
PARTS = ["bot", "ingest", "prompts", "docs_source", "tests", "pyproject.toml"]
# The tool belongs to the interpreter that runs this file; the tests run in the project's own environment.
COSMIC_RAY = str(Path(sys.executable).parent / "cosmic-ray")


def copied_tree(module: str) -> Path:
    """A copy to break, so that an interrupted run leaves the project whole."""
    copy = COPIES / module.replace("/", "-").removesuffix(".py")
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    for part in PARTS:
        (shutil.copytree if (ROOT / part).is_dir() else shutil.copy)(ROOT / part, copy / part)
    return copy


def run_mutants(module: str, tests: list[str], python: str, seconds: int) -> list[dict[str, Any]]:
    """Every change of a module with what the tests made of it: {"outcome", "operator", "line", "after"}."""
    copy = copied_tree(module)
    config = f'[cosmic-ray]\nmodule-path = "{module}"\ntimeout = {2 * seconds}\ntest-command = "sh ask.sh"\n'
    (copy / "run.toml").write_text(config + '[cosmic-ray.distributor]\nname = "local"\n', encoding="utf-8")
    (copy / "ask.sh").write_text('echo > asked; read status < told; exit "$status"\n', encoding="utf-8")
    for pipe in ("asked", "told"):
        os.mkfifo(copy / pipe)
    # Without compiled files a change within the same second is seen, too; pytest's plugins cost more than these tests;
    # and CI makes Hypothesis take the same examples each time, however slow the machine is.
    quick = {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "CI": "1", "PYTHONPATH": str(copy)}

    def cosmic_ray(*step: str) -> str:
        return subprocess.run([COSMIC_RAY, *step], cwd=copy, check=True, stdout=subprocess.PIPE, text=True).stdout

    command = [python, str(ROOT / ".ci" / "mutation_tests.py"), str(seconds), *tests]
    with subprocess.Popen(command, cwd=copy, env={**os.environ, **quick}) as runner:
        try:
            cosmic_ray("init", "run.toml", "run.sqlite")
            cosmic_ray("baseline", "run.toml")
            cosmic_ray("exec", "run.toml", "run.sqlite")
            return [outcome_of(*json.loads(line)) for line in cosmic_ray("dump", "run.sqlite").splitlines()]
        finally:
            runner.terminate()


def outcome_of(item: dict[str, Any], result: dict[str, Any] | None) -> dict[str, Any]:
    mutation = item["mutations"][0]
    diff = (result or {}).get("diff") or ""
    added = [line[1:].strip() for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++")]
    outcome = (result or {}).get("test_outcome") or "not run"
    return {"outcome": outcome, "operator": mutation["operator_name"], "line": mutation["start_pos"][0], "after": " ".join(added)}


def report(module: str, outcomes: list[dict[str, Any]], equivalent: dict[str, str], lowest: float) -> bool:
    """Print the share that was noticed and what was not; whether the share is high enough."""
    counted = [o for o in outcomes if not (o["outcome"] == "survived" and o["after"] in equivalent)]
    survivors = [o for o in counted if o["outcome"] == "survived"]
    share = 1 - len(survivors) / max(len(counted), 1)
    print(
        f"{module}: {len(counted) - len(survivors)} of {len(counted)} noticed, {share:.1%} (at least {lowest:.0%}); "
        f"{len(outcomes) - len(counted)} equivalent"
    )
    for one in survivors:
        print(f"  {module}:{one['line']}: {one['operator'].removeprefix('core/')}: {one['after']}")
    return share >= lowest


def main() -> None:
    settings = tomllib.loads((ROOT / ".ci" / "mutation.toml").read_text("utf-8"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, type=Path, help="the interpreter that runs the tests")
    parser.add_argument(
        "modules", nargs="*", default=list(settings["tests"]), help="which modules; default: all of mutation.toml"
    )
    given = parser.parse_args()
    if unknown := [module for module in given.modules if module not in settings["tests"]]:
        parser.error(f"no tests are named for {', '.join(unknown)}: add them to .ci/mutation.toml")
    python = str(given.python.absolute())
    good = True
    for module in given.modules:
        outcomes = run_mutants(module, settings["tests"][module], python, settings["seconds"])
        good &= report(module, outcomes, settings["equivalent"], settings["lowest_share"])
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
