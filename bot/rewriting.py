"""A follow-up as the optional language model puts it into words that stand alone, and whether that is to be believed."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated
from xml.sax.saxutils import escape

from pydantic import BaseModel, ConfigDict, Field

from bot.conversation import Standalone, content, leans
from bot.language_model import Answer, LanguageModel
from bot.safety.assessment import assess
from bot.safety.identifiers import holds_identifiers
from bot.triage import QUESTION_CHARACTERS
from ingest.words import stems, words
from prompts import text

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

# What a person waits at most for it, in seconds; then the rules' question is looked up.
DEADLINE = 8.0

# Earlier questions that are sent, and characters of a rewritten one.
EARLIER = 6
LONGEST = 300

# A word may be spelt otherwise by one letter, or be the long form of a short one: "tumor", "chemotherapy" for "chemo".
SPELT_OTHERWISE = 5

# What became of a follow-up, beside a model's own failures.
REWRITTEN, NOT_ASKED, IMPLAUSIBLE = "rewritten", "not asked", "implausible"

_NEGATIONS = frozenset({"not", "no", "never", "without", "none", "nothing", "nor", "cannot"})


class Rewritten(BaseModel):
    """The question as the model rewrote it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    question: Annotated[str, Field(min_length=1)]


class Rewriter:
    """Asks a language model for the stand-alone question."""

    def __init__(self, model: LanguageModel, *, deadline: float = DEADLINE) -> None:
        """`deadline`: seconds for all tries together."""
        self._model = model
        self._deadline = deadline

    @property
    def model(self) -> str:
        """The model's name."""
        return self._model.name

    def rewritten(self, question: str, previous: Sequence[str]) -> Answer[Rewritten]:
        """The question after the earlier ones, oldest first, or why there is none. Not yet to be believed."""
        return self._model.ask(_messages(question, previous[-EARLIER:]), Rewritten, self._deadline)

    async def rewritten_async(self, question: str, previous: Sequence[str]) -> Answer[Rewritten]:
        """The same for an event loop."""
        return await self._model.ask_async(_messages(question, previous[-EARLIER:]), Rewritten, self._deadline)


def may_be_asked(question: str, previous: Sequence[str], by_rules: Standalone) -> bool:
    """Whether a model is to be asked for the stand-alone question.

    Only where the rules say that it leans on the earlier ones: of 21 development questions that they leave as they are each
    was looked up rightly. Never for "what else?", which counts what was shown, and never where a line speaks of a danger or
    tells who somebody is.
    """
    if not previous or by_rules.more or not (leans(question) or by_rules.question.strip() != question.strip()):
        return False
    return not any(_is_kept_back(line) for line in (question, *previous[-EARLIER:]))


def _is_kept_back(line: str) -> bool:
    urgent = assess(line[:QUESTION_CHARACTERS]).level.is_danger
    return urgent or holds_identifiers(line)


def is_plausible(rewritten: str, question: str, previous: Sequence[str]) -> bool:
    """Whether a rewritten question may be looked up: one short line, made of the conversation's words, that asks the question.

    Every content word and every "not" comes from the conversation, and where the question has content words one of them is
    still there.
    """
    if len(rewritten) > LONGEST or any(
        unicodedata.category(character).startswith(("C", "Z")) for character in _unspaced(rewritten)
    ):
        return False
    own = content(rewritten)
    conversation = [word for line in (question, *previous) for word in words(line)]
    if not own or _negations(words(rewritten)) - _negations(conversation):
        return False
    asked = content(question)
    return all(_stands_in(word, conversation) for word in own) and (not asked or any(_stands_in(word, own) for word in asked))


def _unspaced(line: str) -> str:
    return line.replace(" ", "")


def _negations(said: Iterable[str]) -> frozenset[str]:
    return frozenset("not" for word in said if word in _NEGATIONS or word.endswith("n't"))


def _stands_in(word: str, said: Sequence[str]) -> bool:
    """Whether a word stands there: as such, by its stem, spelt otherwise, or as short or long form."""
    from rapidfuzz.distance import OSA

    if word in said or set(stems(word)) & set(stems(" ".join(said))):
        return True
    if len(word) < SPELT_OTHERWISE or not word.isalpha():
        return False
    alike = (other for other in said if len(other) >= SPELT_OTHERWISE and other.isalpha() and other[0] == word[0])
    return any(OSA.distance(word, other) <= 1 or word.startswith(other) or other.startswith(word) for other in alike)


def _messages(question: str, previous: Sequence[str]) -> "list[BaseMessage]":
    from langchain_core.messages import HumanMessage, SystemMessage

    earlier = "\n".join(f"<earlier>{escape(line)}</earlier>" for line in previous)
    return [SystemMessage(text("model_standalone")), HumanMessage(f"{earlier}\n<last>{escape(question)}</last>")]
