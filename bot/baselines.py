"""What simpler ways make of the same questions: the yardsticks that the scoreboard shows beside the program."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.coherence import Position
from bot.question_set import Question
from bot.reply import Outcome, Reason
from bot.results import Asked, Result, relevant
from bot.retrieval import BM25_SCALE, Candidate, Found, Retriever
from bot.verbatim import Slice, cite, compose

# A baseline's one threshold lets this share of the answerable questions pass.
PASSING = 0.95

ALWAYS = -math.inf

Key = Callable[[Candidate], float]
Answer = Callable[[Retriever, Sequence[Candidate]], Sequence[Slice]]


@dataclass(frozen=True)
class Baseline:
    """A simpler way: ranks the candidates by `key`, answers with `answer` where the best one reaches the threshold."""

    name: str
    key: Key
    answer: Answer
    threshold: float = ALWAYS

    @property
    def bar(self) -> float | None:
        """The threshold; None where it always answers."""
        return None if self.threshold == ALWAYS else self.threshold

    def ranked(self, found: Found | None) -> tuple[Candidate, ...]:
        """The candidates with the baseline's own score, best first; in the text's order where they are equal."""
        scored = [replace(candidate, score=self.key(candidate), vote=0.0) for candidate in (found.candidates if found else ())]
        return tuple(sorted(scored, key=lambda c: (-c.score, c.document.name, c.passage, c.sentence)))

    def result(self, asked: Asked) -> Result:
        """What it makes of a question, which it sees as the program made it: standing alone."""
        candidates = self.ranked(asked.found)
        best = candidates[0].score if candidates else ALWAYS
        slices = self.answer(asked.gold.retriever, candidates) if candidates and best >= self.threshold else ()
        sentences, citations = cite(slices)
        return Result(
            asked.question,
            Outcome.ANSWERED if sentences else Outcome.NOT_IN_ARTICLE,
            None if sentences else Reason.NOT_COVERED,
            answerability=best,
            sentences=tuple(sentence.text for sentence in sentences),
            citations=citations,
            evidence_found=asked.gold.found(citations),
            relevant=relevant(sentences, citations, asked.gold),
            passage_first=any(asked.gold.in_passage_of(candidate) for candidate in candidates[:1]),
        )

    def fit(self, answerable: Sequence[Found]) -> "Baseline":
        """The same with the highest threshold that lets 95 % of the answerable questions pass."""
        best = sorted((ranked[0].score for found in answerable if (ranked := self.ranked(found))), reverse=True)
        return replace(self, threshold=best[math.ceil(PASSING * len(best)) - 1]) if best else self


def _fused(candidate: Candidate) -> float:
    return candidate.score


def _dense(candidate: Candidate) -> float:
    return candidate.dense


def _lexical(candidate: Candidate) -> float:
    # Flattened as in the fused score, which keeps the order: `compose` weighs distances on the scale of cosines.
    return math.tanh(candidate.lexical / BM25_SCALE)


def _whole_passage(retriever: Retriever, candidates: Sequence[Candidate]) -> tuple[Slice, ...]:
    best = candidates[0]
    passage = retriever.passage(best)
    return tuple(Slice(best.document, passage, Position(best.passage, place)) for place in range(len(passage.sentences)))


DENSE, BM25 = "dense only", "BM25 only"
_FITTED = (Baseline(DENSE, _dense, compose), Baseline(BM25, _lexical, compose))
_ALWAYS = (Baseline("copy-the-top-passage", _fused, _whole_passage), Baseline("no answerability check", _fused, compose))


def baselines(answerable: Sequence[Found]) -> tuple[Baseline, ...]:
    """Every baseline, those with a threshold fitted on what was found for answerable questions."""
    return _ALWAYS + tuple(baseline.fit(answerable) for baseline in _FITTED)


def answerable_of(questions: Sequence[Question]) -> list[Question]:
    """The questions that a threshold is fitted on."""
    return [question for question in questions if question.answerable]
