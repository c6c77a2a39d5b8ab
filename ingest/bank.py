"""The question bank beside a document: for its sentences, questions that they answer; and near-misses that nothing answers."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingest.documents import Document
from ingest.errors import SourceError
from ingest.passages import Passage, Sentence

FALSE_PREMISE = "false-premise"


class BankLine(BaseModel):
    """A line of the file. No evidence: a near-miss, which the document does not answer; `kind` then says of what sort.

    `kind` FALSE_PREMISE marks a question that takes for granted what its evidence contradicts.
    `by` names the hand that wrote it, where there were several: one hand's questions measure what another's taught.
    `previous`: the earlier questions of the conversation, oldest first, that a follow-up leans on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: Annotated[str, Field(min_length=1, max_length=4000)]
    evidence: tuple[str, ...]
    kind: str | None = None
    by: str | None = None
    previous: tuple[Annotated[str, Field(min_length=1, max_length=4000)], ...] = ()


@dataclass(frozen=True)
class BankQuestion:
    """A question with the sentences that answer it, as places in the list of the document's sentences; empty: a near-miss."""

    question: str
    targets: tuple[int, ...]
    kind: str | None = None
    by: str | None = None
    previous: tuple[str, ...] = ()


def bank_path(source: Path) -> Path:
    """Where the bank of a source stands."""
    return source.with_suffix(".questions.jsonl")


def answer_sentences(passages: tuple[Passage, ...]) -> list[tuple[Passage, Sentence]]:
    """The sentences that can answer a question about the subject: all but those about the document itself."""
    return [(passage, sentence) for passage in passages if not passage.section.about for sentence in passage.sentences]


def read_bank(path: Path, document: Document, passages: tuple[Passage, ...]) -> tuple[BankQuestion, ...]:
    """Read a bank. Evidence is found in the document's text by its words and stands for every sentence that it touches.

    Questions about the document itself are left out: they are answered by rule. Raises `SourceError` with the line's
    number on anything that is malformed, on evidence that the document does not hold, and on a question that stands twice.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"Can't read the question bank {path}: {error}. Name a JSON Lines file with --bank.") from error
    sentences = answer_sentences(passages)
    seen: dict[str, int] = {}
    questions = []
    for number, raw in enumerate(lines, 1):
        if not raw.strip():
            continue
        line = _parsed(raw, f"{path}, line {number}")
        key = " ".join(" ".join((*line.previous, line.question)).lower().split())
        if key in seen:
            raise SourceError(f"{path}, line {number}: the question stands in line {seen[key]} already: drop one of them.")
        seen[key] = number
        targets = _targets(line, document, sentences, f"{path}, line {number}")
        if targets or not line.evidence:
            questions.append(BankQuestion(line.question, targets, line.kind, line.by, line.previous))
    if not questions:
        raise SourceError(f"The question bank {path} holds no question: fill it or name another with --bank.")
    return tuple(questions)


def _parsed(raw: str, where: str) -> BankLine:
    try:
        return BankLine.model_validate(json.loads(raw))
    except json.JSONDecodeError as error:
        raise SourceError(f"{where} is not JSON ({error}): mend it.") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise SourceError(f"{where}: {field}: {first['msg']}: mend it.") from error


def _targets(line: BankLine, document: Document, sentences: list[tuple[Passage, Sentence]], where: str) -> tuple[int, ...]:
    found: list[int] = []
    for evidence in line.evidence:
        start = document.text.find(evidence)
        if not evidence or start < 0:
            raise SourceError(f"{where}: the document does not hold {evidence[:80]!r}: copy the sentence letter for letter.")
        end = start + len(evidence)
        found += [place for place, (_, s) in enumerate(sentences) if s.start < end and start < s.end]
    return tuple(dict.fromkeys(found))
