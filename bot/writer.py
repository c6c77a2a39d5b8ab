"""The optional language model as a writer: question and numbered sentences in, draft with citations out. Nothing is trusted."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated
from xml.sax.saxutils import escape

from pydantic import BaseModel, ConfigDict, Field

from bot.language_model import Answer, LanguageModel
from prompts import text

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

# What a person waits at most before the article's own words are shown instead, in seconds.
DEADLINE = 40.0

SENTENCES = 5


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
    """Asks a language model for a draft. Whatever goes wrong with it ends in no draft, within the deadline."""

    def __init__(self, model: LanguageModel, *, deadline: float = DEADLINE) -> None:
        """`deadline`: seconds for all tries together."""
        self._model = model
        self._deadline = deadline

    def write(self, question: str, sources: Sequence[str]) -> Answer[Draft]:
        """A draft from one or more numbered sentences (the first is 1), or why there is none."""
        return self._model.ask(_messages(question, sources), Draft, self._deadline)

    async def write_async(self, question: str, sources: Sequence[str]) -> Answer[Draft]:
        """The same for an event loop."""
        return await self._model.ask_async(_messages(question, sources), Draft, self._deadline)


def _messages(question: str, sources: Sequence[str]) -> "list[BaseMessage]":
    from langchain_core.messages import HumanMessage, SystemMessage

    numbered = "\n".join(f'<sentence number="{number}">{escape(one)}</sentence>' for number, one in enumerate(sources, 1))
    return [
        SystemMessage(text("model_writer")),
        HumanMessage(f"<sentences>\n{numbered}\n</sentences>\n<question>{escape(question)}</question>"),
    ]
