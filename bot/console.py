"""One line on stderr for a person: what happens, or what went wrong."""

import sys
from typing import NoReturn


def say(line: str) -> None:
    """Print a line on stderr."""
    from bot.render import printable

    print(printable(line), file=sys.stderr, flush=True)


def fail(line: str, status: int = 1) -> NoReturn:
    """Print a line on stderr and end the program with an exit status."""
    from bot.render import printable

    print(f"cancer-bot: {printable(' '.join(line.split()))}", file=sys.stderr)
    raise SystemExit(status)
