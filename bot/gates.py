"""The figures that a question set has to reach: `<name>.gates.toml` beside it."""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.figures import Figure
from bot.question_set import ALL, QuestionSet, said
from bot.scores import MEASURES, OWN_GRADE, Scores
from ingest.errors import SourceError

_Bound = Annotated[float, Field(allow_inf_nan=False)] | None


class Gate(BaseModel):
    """A measure of a slice and what it may not fall below or rise above, in the measure's own unit (shares: 0 to 1)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slice: str
    measure: str
    minimum: _Bound = None
    maximum: _Bound = None

    @model_validator(mode="after")
    def _bounds_something(self) -> Self:
        if self.minimum is None and self.maximum is None:
            raise ValueError("a gate needs a minimum or a maximum")
        return self

    def holds(self, value: float | None) -> bool:
        """Whether a figure keeps within the bounds; where there is nothing to measure it does not."""
        if value is None:
            return False
        return (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum)

    @property
    def bounds(self) -> str:
        """The bounds for a person."""
        parts = [f"at least {self.minimum:g}"] if self.minimum is not None else []
        return " and ".join(parts + ([f"at most {self.maximum:g}"] if self.maximum is not None else []))


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    gate: tuple[Gate, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """A gate with the figure that it was held against."""

    gate: Gate
    figure: Figure

    @property
    def holds(self) -> bool:
        """Whether the figure keeps within the gate's bounds."""
        return self.gate.holds(self.figure.value)

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {**self.gate.model_dump(), **self.figure.as_dict(), "holds": self.holds}


def gates_path(questions: Path) -> Path:
    """Where the gates of a set stand."""
    return questions.with_suffix(".gates.toml")


def read_gates(questions: QuestionSet) -> tuple[Gate, ...]:
    """The gates of a question set; none where it has no such file. Raises `SourceError` as `read_gate_file` does."""
    return read_gate_file(gates_path(questions.path), questions.slices, _measures_of)


def _measures_of(slice: str) -> tuple[str, ...]:
    return (*MEASURES, OWN_GRADE) if slice == ALL else tuple(MEASURES)


def read_gate_file(path: Path, slices: Sequence[str], measures: Callable[[str], Sequence[str]]) -> tuple[Gate, ...]:
    """The gates of a file; none where there is no such file. `measures`: those that a slice has.

    Raises `SourceError` where the file can't be read or names a slice or a measure that there is not.
    """
    try:
        gates = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).gate
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise SourceError(f"Can't read the gates {path}: {error.strerror}. Check that they may be read.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} is not TOML ({error}): mend it.") from error
    except ValidationError as error:
        raise SourceError(f"{path}: {said(error)}.") from error
    for gate in gates:
        _check_name(path, "slice", gate.slice, slices)
        _check_name(path, "measure", gate.measure, measures(gate.slice))
    return gates


def _check_name(path: Path, kind: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise SourceError(f"{path}: the {kind} {name!r} is unknown: take one of {', '.join(known)}.")


def hold(gates: Sequence[Gate], scores: Scores) -> tuple[Verdict, ...]:
    """Each gate with its figure."""
    return tuple(Verdict(gate, scores[gate.slice][gate.measure]) for gate in gates)
