"""A second test-bed: questions about other texts, to see what tuning on one article did to the encoder elsewhere.

A folder in the layout of `passages.jsonl` (`id`, `text`) and `questions.jsonl` (`passage_id`, `question`, `is_impossible`),
as made from SQuAD 2.0 (Rajpurkar et al. 2018).
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict

from bot.figures import Figure, auroc, rate
from bot.question_set import Line, read_line
from ingest.errors import SourceError
from ingest.index import Progress

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

# Questions asked at most, and the seed that they are drawn with.
MAXIMUM = 2000
SEED = 0

# A passage among so many first ones is still looked at.
FEW = 5

# Texts that are embedded between two steps of the progress bar.
STEP = 64


class TestPassage(BaseModel):
    """A text to find."""

    __test__ = False
    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    text: str


class TestQuestion(BaseModel):
    """A question about a passage, which may not answer it."""

    __test__ = False
    model_config = ConfigDict(frozen=True, extra="ignore")

    passage_id: str
    question: str
    is_impossible: bool


@dataclass(frozen=True)
class TestBed:
    """The passages and the questions drawn from all there are."""

    __test__ = False

    path: Path
    passages: tuple[TestPassage, ...]
    questions: tuple[TestQuestion, ...]


@dataclass(frozen=True)
class Findings:
    """How an encoder does: its passage first, or among five; best similarity of answerable against unanswerable questions."""

    figures: Mapping[str, Figure]

    def as_dict(self) -> dict[str, dict[str, float | int | None]]:
        """As JSON."""
        return {name: figure.as_dict() for name, figure in self.figures.items()}


def read_testbed(folder: Path) -> TestBed:
    """Read a test-bed and draw its questions. Raises `SourceError` with file and line on what can't be."""
    passages = tuple(_read(folder / "passages.jsonl", TestPassage))
    questions = tuple(_read(folder / "questions.jsonl", TestQuestion))
    unknown = {question.passage_id for question in questions}.difference(passage.id for passage in passages)
    if unknown or not questions:
        missing = f"the passage {min(unknown)!r} of a question" if unknown else "a question"
        raise SourceError(f"The test-bed {folder} lacks {missing}: complete it or name another folder.")
    drawn = random.Random(SEED).sample(questions, min(MAXIMUM, len(questions)))  # noqa: S311 (a sample, no secret)
    return TestBed(folder, passages, tuple(drawn))


def _read(path: Path, kind: type[Line]) -> Iterator[Line]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise SourceError(f"Can't read {path}: {error.strerror}. The folder needs passages.jsonl, questions.jsonl.") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not UTF-8 text: save it as UTF-8.") from error
    return (read_line(kind, line, path, number) for number, line in enumerate(lines, 1) if line.strip())


def find_all(bed: TestBed, embeddings: "Embeddings", progress: Progress | None = None) -> Findings:
    """Look every question up among the passages; `progress` is called with (texts embedded, texts in all)."""
    vectors, questions = _embedded(bed, embeddings, progress)
    similarities = questions @ vectors.T
    place_of = {passage.id: place for place, passage in enumerate(bed.passages)}
    own = np.array([similarities[row, place_of[q.passage_id]] for row, q in enumerate(bed.questions)])
    ranks = (similarities > own[:, None]).sum(axis=1)
    best = similarities.max(axis=1)
    answerable = [not question.is_impossible for question in bed.questions]
    right = [int(rank) for rank, can in zip(ranks, answerable, strict=True) if can]
    split = [[float(b) for b, can in zip(best, answerable, strict=True) if can is side] for side in (True, False)]
    return Findings({"hit@1": rate([r < 1 for r in right]), f"hit@{FEW}": rate([r < FEW for r in right]), "auroc": auroc(*split)})


def _embedded(bed: TestBed, embeddings: "Embeddings", progress: Progress | None) -> tuple["np.ndarray", "np.ndarray"]:
    total = len(bed.passages) + len(bed.questions)
    passages: list[Sequence[float]] = []
    for start in range(0, len(bed.passages), STEP):
        passages += embeddings.embed_documents([passage.text for passage in bed.passages[start : start + STEP]])
        _tell(progress, len(passages), total)
    questions: list[Sequence[float]] = []
    for question in bed.questions:
        questions.append(embeddings.embed_query(question.question))
        _tell(progress, len(passages) + len(questions), total)
    return _unit(passages), _unit(questions)


def _unit(vectors: list[Sequence[float]]) -> "np.ndarray":
    matrix = np.asarray(vectors, dtype=np.float32)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    unit: np.ndarray = np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0)
    return unit


def _tell(progress: Progress | None, done: int, total: int) -> None:
    if progress:
        progress(done, total)
