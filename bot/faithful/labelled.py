"""Labelled pairs to score the check on: the project's own form, and three public ones that are read where they lie."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from bot.question_set import read_line
from ingest.errors import SourceError

# Those that the check was fitted on.
SHIPPED = Path(__file__).resolve().parent / "pairs.jsonl"

# Pairs scored at most, and the seed that they are drawn with.
MAXIMUM = 500
SEED = 0

# MTRAG's graders marked each answer from 1 to 4; what lies between these medians is left out.
FAITHFUL_FROM, UNFAITHFUL_TO = 4, 2

_Text = Annotated[str, Field(min_length=1)]


class LabelledPair(BaseModel):
    """A cited text, a written sentence, whether the one carries the other, what kind of pair it is.

    `held`: the check's threshold was set on it, and nothing was trained on it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    cited: _Text
    written: _Text
    holds: bool
    kind: _Text = "pair"
    held: bool = False


@dataclass(frozen=True)
class PairSet:
    """The pairs that are scored of a file, and how many there are in it."""

    path: Path
    pairs: tuple[LabelledPair, ...]
    of: int

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds by their first use."""
        return tuple(dict.fromkeys(pair.kind for pair in self.pairs))


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Wice(_Line):
    """WiCE (Kamoi et al. 2023): a claim of Wikipedia and the sentences of the page that it cites."""

    premise: _Text
    claim: _Text
    supported: bool
    label: _Text

    def pairs(self) -> Iterator[LabelledPair]:
        yield LabelledPair(cited=self.premise, written=self.claim, holds=self.supported, kind=self.label)


class _HaluEval(_Line):
    """HaluEval (Li et al. 2023): an answer is no sentence, so that it is read with its question."""

    knowledge: _Text
    question: _Text
    supported_answer: _Text
    unsupported_answer: _Text

    def pairs(self) -> Iterator[LabelledPair]:
        for holds, answer in ((True, self.supported_answer), (False, self.unsupported_answer)):
            written = f"{self.question.strip()} {answer.strip()}"
            yield LabelledPair(cited=self.knowledge, written=written, holds=holds, kind="right" if holds else "made up")


class _Mtrag(_Line):
    """MTRAG (Katsis et al. 2025): an answer to a question after passages, with people's marks of its faithfulness.

    One without passages cites nothing and is left out.
    """

    contexts: tuple[str, ...]
    response: _Text
    faithfulness_median: float

    def pairs(self) -> Iterator[LabelledPair]:
        cited = " ".join(" ".join(self.contexts).split())
        if not cited or UNFAITHFUL_TO < self.faithfulness_median < FAITHFUL_FROM:
            return
        holds = self.faithfulness_median >= FAITHFUL_FROM
        yield LabelledPair(cited=cited, written=self.response, holds=holds, kind=f"median {self.faithfulness_median:g}")


class _Own(LabelledPair):
    """The project's own form."""

    def pairs(self) -> Iterator[LabelledPair]:
        yield self


# Each form with a field that only it has; the first line of a file says which it is.
_FORMS: Mapping[str, Any] = {"cited": _Own, "premise": _Wice, "knowledge": _HaluEval, "faithfulness_median": _Mtrag}


def read_pair_set(path: Path) -> PairSet:
    """Read pairs; all of the project's own form, at most MAXIMUM drawn of a public one, the same at every run.

    Raises `SourceError` with file and line on what can't be.
    """
    lines = [(number, line) for number, line in enumerate(_text(path).split("\n"), 1) if line.strip()]
    if not lines:
        raise SourceError(f"{path} holds no pair: fill it or name another file.")
    form = _form(path, lines[0][1])
    pairs = [pair for number, line in lines for pair in read_line(form, line, path, number).pairs()]
    if not any(pair.holds for pair in pairs) or all(pair.holds for pair in pairs):
        raise SourceError(f"{path} needs pairs that hold and pairs that do not: complete it or name another file.")
    whole = form is _Own or len(pairs) <= MAXIMUM
    drawn = pairs if whole else random.Random(SEED).sample(pairs, MAXIMUM)  # noqa: S311 -- a sample, no secret
    return PairSet(path, tuple(drawn), len(pairs))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SourceError(f"Can't read the pairs {path}: {error.strerror}. Name a JSON Lines file.") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not UTF-8 text: save it as UTF-8.") from error


def _form(path: Path, first: str) -> Any:
    """What a file's first line is; each has to be an object."""

    class AnyLine(BaseModel):
        model_config = ConfigDict(extra="allow")

    fields = (read_line(AnyLine, first, path, 1).model_extra or {}).keys()
    form = next((form for name, form in _FORMS.items() if name in fields), None)
    if form is None:
        known = ", ".join(_FORMS)
        raise SourceError(f"{path}, line 1: is of no known form: one of the fields {known} is needed.")
    return form
