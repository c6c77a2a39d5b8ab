"""The optional language model: a question and numbered sentences in, a draft with citations out. Nothing here is trusted."""

import json
import queue
import re
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingest.errors import CancerBotError
from prompts import text

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

# What a person waits at most before the article's own words are shown instead, in seconds; and one call to the model.
DEADLINE = 40.0
ONE_CALL = 20.0

# A malformed answer is asked for once more.
TRIES = 2

# A draft longer than this is no answer in plain words; what comes after is not read.
LONGEST_ANSWER = 20_000
SENTENCES = 5

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_FENCE = re.compile(r"\A\s*```(?:json)?\s*|\s*```\s*\Z")


# Where LangChain's models keep the address that they talk to.
_ADDRESSES = ("openai_api_base", "base_url", "anthropic_api_url", "endpoint", "azure_endpoint")


class WriterError(CancerBotError):
    """The language model can't be used as it is configured."""


class DraftSentence(BaseModel):
    """A sentence as the model wrote it, and the numbers that it says it rests on."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    text: Annotated[str, Field(min_length=1, max_length=600)]
    cites: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1, max_length=10, strict=False)]


class Draft(BaseModel):
    """What the model wrote; without sentences it found no answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sentences: Annotated[tuple[DraftSentence, ...], Field(max_length=SENTENCES, strict=False)]


class Writer:
    """Asks a LangChain chat model. Whatever goes wrong with it ends in no draft, within the deadline."""

    def __init__(self, model: "BaseChatModel", *, deadline: float = DEADLINE) -> None:
        """`deadline`: seconds for all tries together."""
        self._model = model
        self._deadline = deadline

    @classmethod
    def from_setting(cls, name: str) -> "Writer":
        """The model of `provider:model`. Raises `WriterError` with what to install or to set."""
        from langchain.chat_models import init_chat_model

        try:
            return cls(init_chat_model(name, temperature=0, timeout=ONE_CALL, max_retries=1))
        except ImportError as error:
            package = re.search(r"langchain-[a-z-]+", str(error).replace("_", "-"))
            needed = package[0] if package else "the provider's LangChain package"
            raise WriterError(f"CANCER_BOT_CHAT_MODEL={name} needs {needed}: pip install {needed}.") from error
        except Exception as error:  # noqa: BLE001 -- each provider has errors of its own; their texts may hold a key
            what = type(error).__name__
            line = f"CANCER_BOT_CHAT_MODEL={name} can't be used ({what}): write provider:model and set the provider's key."
            raise WriterError(line) from None

    @property
    def leaves_this_machine(self) -> bool:
        """Whether questions go to another machine. Where the address is not known they are taken to."""
        client = getattr(self._model, "root_client", None)
        places = [getattr(client, "base_url", None), *(getattr(self._model, name, None) for name in _ADDRESSES)]
        hosts = {urlsplit(str(place)).hostname for place in places if place}
        if not hosts and type(self._model).__name__ == "ChatOllama":
            return False
        return not hosts or not all(host in _HERE for host in hosts)

    def unreachable(self) -> str:
        """The kind of failure that a first word to the model ends in, empty where it answers; its text may hold a key."""
        try:
            self._model.invoke("Say: yes")
        except Exception as error:  # noqa: BLE001 -- each provider has errors of its own
            return type(error).__name__
        return ""

    def write(self, question: str, sources: Sequence[str]) -> Draft | None:
        """A draft from numbered sentences (the first is 1); None where there is none in time that can be read."""
        if not sources:
            return None
        drafts: queue.SimpleQueue[Draft | None] = queue.SimpleQueue()
        # A daemon: a model that never ends keeps neither the answer nor the program from ending.
        threading.Thread(target=lambda: drafts.put(self._drafted(question, sources)), daemon=True).start()
        try:
            return drafts.get(timeout=self._deadline)
        except queue.Empty:
            return None

    def _drafted(self, question: str, sources: Sequence[str]) -> Draft | None:
        end = time.monotonic() + self._deadline
        for _ in range(TRIES):
            if time.monotonic() > end:
                return None
            try:
                draft = self._asked(_messages(question, sources))
            except Exception:  # noqa: BLE001 -- a provider fails in its own ways; none of them is shown, none ends the answer
                return None
            if draft:
                return draft
        return None

    def _asked(self, messages: "list[BaseMessage]") -> Draft | None:
        """Once, with the provider's own structured output where the model is known to have it, else by strict reading."""
        profile: Any = getattr(self._model, "profile", None) or {}
        if profile.get("structured_output"):
            answer = self._model.with_structured_output(Draft.model_json_schema()).invoke(messages)
            return parsed(json.dumps(answer))
        return parsed(self._model.invoke(messages).text)


def parsed(answer: str) -> Draft | None:
    """A draft from what the model said; None where it is not exactly what was asked for. A code fence is forgiven."""
    if len(answer) > LONGEST_ANSWER:
        return None
    try:
        return Draft.model_validate(json.loads(_FENCE.sub("", answer)))
    except (ValueError, ValidationError, RecursionError):
        return None


def _messages(question: str, sources: Sequence[str]) -> "list[BaseMessage]":
    from langchain_core.messages import HumanMessage, SystemMessage

    numbered = "\n".join(f'<sentence number="{number}">{escape(one)}</sentence>' for number, one in enumerate(sources, 1))
    return [
        SystemMessage(text("writer")),
        HumanMessage(f"<sentences>\n{numbered}\n</sentences>\n<question>{escape(question)}</question>"),
    ]
