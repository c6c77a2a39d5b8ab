"""A LangChain chat model at the edge: asked for one JSON object, within a deadline after which the call is really given up."""

import asyncio
import json
import logging
import re
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from bot.steps import note, step, tell
from ingest.errors import CancerBotError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

# Seconds for one call, as the provider's own client counts them; the deadline of whoever asks counts as well.
ONE_CALL = 20.0

# A malformed answer is asked for once more.
TRIES = 2

# An answer longer than this is no JSON object that was asked for; it is not read.
LONGEST_ANSWER = 20_000

# Seconds after the deadline in which a client that can't be cancelled may still end by itself.
GRACE = 1.0

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_FENCE = re.compile(r"\A\s*```(?:json)?\s*|\s*```\s*\Z")

# Where LangChain's models keep the address that they talk to.
_ADDRESSES = ("openai_api_base", "base_url", "anthropic_api_url", "endpoint", "azure_endpoint")

# What these log on request (OPENAI_LOG=debug and the like) holds the questions.
_TALKATIVE = ("openai", "anthropic", "httpx", "httpcore")

Value = TypeVar("Value", bound=BaseModel)
Returned = TypeVar("Returned")


class LanguageModelError(CancerBotError):
    """The language model can't be used as it is configured."""


class Failure(StrEnum):
    """Why a model gave nothing that can be used."""

    LATE = "late"
    ERROR = "error"
    MALFORMED = "malformed"


@dataclass(frozen=True)
class Answer(Generic[Value]):
    """What a model said, or why there is nothing: exactly one of the two."""

    value: Value | None = None
    failure: Failure | None = None


class LanguageModel:
    """Asks a LangChain chat model. Whatever goes wrong with it ends in a failure, within the deadline."""

    def __init__(self, model: "BaseChatModel", name: str = "") -> None:
        """`model`: any that LangChain has. `name`: what a person calls it."""
        self._model = model
        self.name = name

    @classmethod
    def from_setting(cls, name: str) -> "LanguageModel":
        """The model of `provider:model`. Raises `LanguageModelError` with what to install or to set."""
        from langchain.chat_models import init_chat_model

        try:
            model = init_chat_model(name, temperature=0, timeout=ONE_CALL, max_retries=1)
        except ImportError as error:
            package = re.search(r"langchain-[a-z-]+", str(error).replace("_", "-"))
            needed = package[0] if package else "the provider's LangChain package"
            raise LanguageModelError(f"CANCER_BOT_CHAT_MODEL={name} needs {needed}: pip install {needed}.") from error
        except Exception as error:  # noqa: BLE001 -- each provider has errors of its own; their texts may hold a key
            what = type(error).__name__
            line = f"CANCER_BOT_CHAT_MODEL={name} can't be used ({what}): write provider:model and set the provider's key."
            raise LanguageModelError(line) from None
        for talkative in _TALKATIVE:
            logging.getLogger(talkative).setLevel(logging.CRITICAL)
        return cls(model, name)

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
        greeting = _submitted(self._greeted())
        try:
            greeting.result(ONE_CALL + GRACE)
        except Exception as error:  # noqa: BLE001 -- each provider has errors of its own
            return type(error).__name__
        finally:
            greeting.cancel()
        return ""

    def ask(self, messages: "list[BaseMessage]", kind: type[Value], deadline: float) -> Answer[Value]:
        """The model's answer as a `kind`; `deadline`: seconds for all tries together. Whoever is interrupted ends the call."""
        with step("model call"):
            call = _submitted(self._asked(messages, kind, deadline))
            try:
                return _noted(call.result(deadline + GRACE))
            except TimeoutError:
                # The client holds up its event loop and so its own deadline.
                return _noted(Answer(failure=Failure.LATE))
            finally:
                call.cancel()

    async def ask_async(self, messages: "list[BaseMessage]", kind: type[Value], deadline: float) -> Answer[Value]:
        """The same for an event loop; where its task is cancelled the call is, too."""
        with step("model call"):
            return _noted(await asyncio.wrap_future(_submitted(self._asked(messages, kind, deadline))))

    async def _greeted(self) -> None:
        async with asyncio.timeout(ONE_CALL):
            await self._model.ainvoke("Say: yes")

    async def _asked(self, messages: "list[BaseMessage]", kind: type[Value], deadline: float) -> Answer[Value]:
        try:
            async with asyncio.timeout(deadline):
                for _ in range(TRIES):
                    if value := await self._once(messages, kind):
                        return Answer(value)
        except Exception as error:  # noqa: BLE001 -- a provider fails in its own ways; none of them is shown, none ends the answer
            return Answer(failure=Failure.LATE if "timeout" in type(error).__name__.lower() else Failure.ERROR)
        return Answer(failure=Failure.MALFORMED)

    async def _once(self, messages: "list[BaseMessage]", kind: type[Value]) -> Value | None:
        """With the provider's own structured output where the model is known to have it, else by strict reading."""
        profile: Any = getattr(self._model, "profile", None) or {}
        if profile.get("structured_output"):
            answer = await self._model.with_structured_output(kind.model_json_schema()).ainvoke(messages)
            return parsed(json.dumps(answer), kind)
        return parsed((await self._model.ainvoke(messages)).text, kind)


def parsed(answer: str, kind: type[Value]) -> Value | None:
    """A `kind` from what the model said; None where it is not exactly what was asked for. A code fence is forgiven."""
    if len(answer) > LONGEST_ANSWER:
        return None
    try:
        return kind.model_validate(json.loads(_FENCE.sub("", answer)))
    except (ValueError, ValidationError, RecursionError):
        return None


def _noted(answer: Answer[Value]) -> Answer[Value]:
    note(outcome=answer.failure.value if answer.failure else "answered")
    if answer.value:
        tell(said=answer.value.model_dump_json())
    return answer


def _submitted(call: Coroutine[Any, Any, Returned]) -> "Future[Returned]":
    return asyncio.run_coroutine_threadsafe(call, _loop())


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """One loop for all calls, because the providers' clients keep connections that belong to the loop that opened them.

    Its thread is a daemon: a model that never ends does not keep the program from ending.
    """
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="language model", daemon=True).start()
    return loop
