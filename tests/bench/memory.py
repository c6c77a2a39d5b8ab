"""How much memory this process has taken at most."""

import re
import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_mib() -> float:
    """In MiB.

    `ru_maxrss` is not it on Linux: a process begins with that of the process that started it, so a small one that a large one
    starts says the large one's. The kernel's own count begins anew with each program.
    """
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB$", STATUS.read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        found = None
    if found:
        return int(found[1]) / 1024
    # Elsewhere: macOS counts in bytes, others in KiB.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)
