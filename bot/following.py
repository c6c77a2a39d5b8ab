"""A program that runs on notices a new version of the index, opens it beside the one in use, and goes over to it."""

import threading
from collections.abc import Callable

from bot.chain import Bot
from bot.opening import open_bot, weights_for
from bot.settings import Settings
from ingest.documents import read_documents
from ingest.errors import CancerBotError
from ingest.extracted import FOLDER
from ingest.index import Say, matches
from ingest.reading import versions_of

# How often it looks, in seconds: at one small file, or at one small record on the server.
EVERY = 3.0

# How long a bot that was taken over from may finish what it has begun, in seconds.
FINISH = 120.0


class Following:
    """Keeps handing over the newest bot: `take` is called with each, while the one before answers what it has begun.

    It never builds: a version whose sources or encoder are not this machine's is left to those whose they are.
    """

    def __init__(self, settings: Settings, bot: Bot, take: Callable[[Bot], None], say: Say) -> None:
        """`bot`: the one in use now."""
        self._settings = settings
        self._bot = bot
        self._take = take
        self._say = say
        self._said = ""
        self._versions = versions_of(settings.place)

    def start(self) -> None:
        """Look from now on, until the process ends."""
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(EVERY):
            self.look()

    def look(self) -> bool:
        """Look once. Returns whether there was a new version to go over to."""
        try:
            newer = self._newer()
        except CancerBotError as error:
            # What is open goes on answering, or says by itself why it can't.
            self._tell(f"Can't look for a new index: {error}")
            return False
        if newer is None:
            return False
        before, self._bot = self._bot, newer
        self._take(newer)
        later = threading.Timer(FINISH, before.close)
        later.daemon = True
        later.start()
        self._tell("Went over to a new index.")
        return True

    def _newer(self) -> Bot | None:
        if self._versions.current() in (None, self._bot.retriever.index.manifest.store):
            return None
        documents = read_documents(self._settings.docs, texts=self._settings.index / FOLDER)
        if matches(self._settings.place, documents, weights_for(self._settings)) is None:
            self._tell("There is a new index, but it is of other sources than these: bring the sources up to date.")
            return None
        return open_bot(self._settings, before=self._bot)

    def close(self) -> None:
        """Let go of the connection, where there is one."""
        self._versions.close()

    def _tell(self, line: str) -> None:
        if line != self._said:
            self._said = line
            self._say(line)
