"""Asks pip-audit about every locked package, and says so plainly where its database could not be reached.

Exit status: 0 nothing known against any of them; 1 something is, or nothing could be learnt.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = [ROOT / "requirements.lock", ROOT / ".ci" / "cuda.lock", ROOT / ".ci" / "supply.lock"]


def main() -> None:
    command = [str(Path(sys.executable).parent / "pip-audit"), "--disable-pip", "--no-deps", "--progress-spinner=off"]
    for lock in LOCKS:
        command += ["--requirement", str(lock)]
    done = subprocess.run([*command, "--format=json"], capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        sys.exit(
            f"pip-audit could not ask its database ({last[:200]}): nothing was checked. It needs the network; try again later."
        )
    asked = [package for package in packages if "skip_reason" not in package]
    if not asked:
        sys.exit("pip-audit's database knew none of the packages: it can't be reached from here, and nothing was checked.")
    for package in asked:
        for known in package["vulns"]:
            fixed = ", ".join(known["fix_versions"]) or "no version yet"
            print(f"{package['name']} {package['version']}: {known['id']}, fixed in {fixed}")
    found = sum(bool(package["vulns"]) for package in asked)
    print(
        f"{len(asked)} packages asked about, {len(packages) - len(asked)} unknown to the database, {found} with something known.",
        file=sys.stderr,
    )
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
