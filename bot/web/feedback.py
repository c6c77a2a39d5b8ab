"""Where thumbs up and down are kept, if whoever runs the program wants them at all."""

import json
import threading
from pathlib import Path
from typing import Any

from ingest.errors import CancerBotError


class FeedbackError(CancerBotError):
    """The file of the thumbs can't be written."""


class Thumbs:
    """A file with a line for each: reason codes and sections, no words and no time of day."""

    def __init__(self, file: Path) -> None:
        """Make the file where there is none. Raises `FeedbackError` where it can't be written: nobody has clicked yet."""
        self._file = file
        self._writing = threading.Lock()
        self._add("")

    def keep(self, feedback: dict[str, Any]) -> None:
        """Add one. Raises `FeedbackError`."""
        self._add(json.dumps(feedback, ensure_ascii=False) + "\n")

    def _add(self, line: str) -> None:
        try:
            with self._writing, self._file.open("a", encoding="utf-8") as lines:
                lines.write(line)
        except OSError as error:
            raise FeedbackError(
                f"CANCER_BOT_FEEDBACK={self._file} can't be written ({error.strerror}): name a file in a folder that is there."
            ) from error
