"""Where thumbs up and down are kept, if whoever runs the program wants them at all."""

import json
import threading
from pathlib import Path
from typing import Any

_WRITING = threading.Lock()


def keep(feedback: dict[str, Any], file: Path) -> None:
    """Add a line to the file: reason codes and sections, no words and no time of day."""
    with _WRITING, file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(feedback, ensure_ascii=False) + "\n")
