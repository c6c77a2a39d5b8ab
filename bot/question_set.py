"""A question set (JSON Lines): conversations, what may become of the last question, and the sentences that answer it."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bot.reply import Outcome
from ingest.errors import SourceError

ALL = "all"

Line = TypeVar("Line", bound=BaseModel)

_Text = Annotated[str, Field(min_length=1)]


class Question(BaseModel):
    """A line of the set: `turns`, of which the last is scored; the outcomes that are right; the sentences of a whole answer.

    Fields of other makers are left aside. A blank turn can only be meant where `invalid` is expected.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    id: _Text
    turns: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
    expect: Annotated[tuple[Annotated[Outcome, Field(strict=False)], ...], Field(min_length=1, strict=False)]
    evidence: Annotated[tuple[_Text, ...], Field(strict=False)] = ()
    tags: Annotated[tuple[_Text, ...], Field(strict=False)] = ()
    topic: str = ""
    note: str = ""

    @field_validator("expect", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _can_be_meant(self) -> Self:
        if Outcome.INVALID not in self.expect and not all(turn.strip() for turn in self.turns):
            raise ValueError("a turn is blank: write the question, or expect “invalid”")
        if self.evidence and Outcome.ANSWERED not in self.expect:
            raise ValueError("there is evidence, but “answered” is not expected: expect it or drop the evidence")
        return self

    @property
    def answerable(self) -> bool:
        """Whether an answer is the only right outcome."""
        return set(self.expect) == {Outcome.ANSWERED}

    @property
    def unanswerable(self) -> bool:
        """Whether "not in the article" is the only right outcome."""
        return set(self.expect) == {Outcome.NOT_IN_ARTICLE}

    @property
    def either(self) -> bool:
        """Whether both an answer and "not in the article" are right, so that neither rate can count it."""
        return {Outcome.ANSWERED, Outcome.NOT_IN_ARTICLE} <= set(self.expect)

    @property
    def slices(self) -> tuple[str, ...]:
        """The slices of the scoreboard that it counts in, each once."""
        return tuple(dict.fromkeys((ALL, *self.tags)))


@dataclass(frozen=True)
class QuestionSet:
    """A set that was read: where from, the sha256 of the file's bytes, its questions in the file's order."""

    path: Path
    sha256: str
    questions: tuple[Question, ...]

    @property
    def slices(self) -> tuple[str, ...]:
        """Every slice: all questions first, then the tags by their first use."""
        return tuple(dict.fromkeys(slice for question in self.questions for slice in question.slices))


def default_path() -> Path:
    """The project's own test split. Raises `SourceError` where this installation carries none, as a wheel does."""
    path = Path(__file__).resolve().parent.parent / "tests" / "questions" / "test.jsonl"
    if not path.is_file():
        raise SourceError("This installation carries no question set: name one, cancer-bot evaluate QUESTIONS.jsonl.")
    return path


def read_questions(path: Path) -> QuestionSet:
    """Read a set. Raises `SourceError` with the file's name and the line's number on the first thing that can't be."""
    try:
        data = path.read_bytes()
        lines = data.decode("utf-8-sig").split("\n")
    except OSError as error:
        raise SourceError(f"Can't read the question set {path}: {error.strerror}. Name a JSON Lines file.") from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError(f"{path}, line {line}: is not UTF-8 text: save it as UTF-8.") from error
    questions = _questions(path, lines)
    if not questions:
        raise SourceError(f"The question set {path} holds no question: fill it or name another.")
    return QuestionSet(path, hashlib.sha256(data).hexdigest(), questions)


def _questions(path: Path, lines: list[str]) -> tuple[Question, ...]:
    found: dict[str, tuple[int, Question]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        question = read_line(Question, line, path, number)
        if question.id in found:
            first = found[question.id][0]
            raise SourceError(f"{path}, line {number}: the id {question.id!r} stands in line {first}, too: rename one of them.")
        found[question.id] = (number, question)
    return tuple(question for _, question in found.values())


def read_line(kind: type[Line], line: str, path: Path, number: int) -> Line:
    """One line of a JSON Lines file as a value of `kind`. Raises `SourceError` with file and line."""
    where = f"{path}, line {number}"
    try:
        return kind.model_validate(json.loads(line))
    except json.JSONDecodeError as error:
        raise SourceError(f"{where}: is not JSON ({error.msg}, column {error.colno}): mend it.") from error
    except RecursionError:
        raise SourceError(f"{where}: is nested too deeply: mend it.") from None
    except ValidationError as error:
        raise SourceError(f"{where}: {said(error)}.") from error


def said(error: ValidationError) -> str:
    """The first thing that pydantic found, as a clause for a person: the field, the value, what is wrong."""
    first: Any = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return f"the field {field!r} is missing"
    if not field:
        return str(first["msg"]).removeprefix("Value error, ")
    return f"{field!r} is {str(first['input'])[:60]!r}: {str(first['msg']).removeprefix('Value error, ')}"
