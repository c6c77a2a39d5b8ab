"""From a written sentence and what it cites to numbers that tell a faithful sentence from one that says more or something else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bot.faithful.reading import Read, read

Encode = Callable[[Sequence[str]], "np.ndarray"]

NAMES = (
    "cosine",
    "best cosine",
    "margin",
    "covered",
    "uncovered",
    "nearest word",
    "foreign",
    "of elsewhere",
    "negations",
    "hedge lost",
    "hedge weaker",
    "stronger",
    "advice",
    "order",
    "length",
)


@dataclass(frozen=True)
class Source:
    """The article, as far as the comparison needs it: its sentences, their vectors, its words."""

    sentences: tuple[str, ...]
    vectors: "np.ndarray"
    stems: frozenset[str]

    @classmethod
    def of(cls, sentences: Sequence[str], encode: Encode) -> "Source":
        """Read and encode every sentence once."""
        known = frozenset(stem for sentence in sentences for stem in read(sentence).stems)
        return cls(tuple(sentences), encode(sentences), known)


def contradicted(written: Read, cited: Read) -> str | None:
    """A number that the cited text does not have rules a sentence out whatever else it says; its name, else None."""
    return "number" if written.numbers - cited.numbers else None


def signals(written: str, cited: Sequence[str], source: Source, encode: Encode) -> Mapping[str, float]:
    """The signals by name. `encode` gives unit vectors, one row for each text."""
    own, theirs = read(written), read(" ".join(cited))
    vectors = encode([written, " ".join(cited), *cited])
    near = vectors[1:] @ vectors[0]
    others = [row for sentence, row in zip(source.sentences, source.vectors, strict=True) if sentence not in cited]
    elsewhere = max((float(row @ vectors[0]) for row in others), default=-1.0)
    missing = [stem for stem in dict.fromkeys(own.stems) if stem not in theirs.stems]
    nearest = _nearest_words(missing, theirs.stems, encode)
    return {
        "cosine": float(near[0]),
        "best cosine": float(max(near)),
        "margin": float(max(near)) - elsewhere,
        "covered": 1 - len(missing) / max(1, len(set(own.stems))),
        "uncovered": float(len(missing)),
        "nearest word": min(nearest, default=1.0),
        "foreign": float(sum(stem not in source.stems and score < 0.5 for stem, score in zip(missing, nearest, strict=True))),
        "of elsewhere": float(sum(stem in source.stems and score < 0.6 for stem, score in zip(missing, nearest, strict=True))),
        "negations": float(abs((own.negations > 0) - (theirs.negations > 0)) + abs(own.negations - theirs.negations) / 2),
        "hedge lost": float(theirs.possible + theirs.partly > 0 and own.possible + own.partly == 0),
        "hedge weaker": float(max(0, min(2, theirs.possible) - own.possible) + max(0, min(2, theirs.partly) - own.partly)),
        "stronger": float(len(own.wholly - theirs.wholly)),
        "advice": float(len(own.advice - theirs.advice)),
        "order": _order(own.stems, theirs.stems),
        "length": own.words / max(1, theirs.words),
    }


def _nearest_words(missing: Sequence[str], there: Sequence[str], encode: Encode) -> list[float]:
    if not missing or not there:
        return [0.0] * len(missing)
    vectors = encode([*missing, *there])
    return [float(score) for score in (vectors[: len(missing)] @ vectors[len(missing) :].T).max(axis=1)]


def _order(own: Sequence[str], theirs: Sequence[str]) -> float:
    """Share of neighbouring shared words that stand in the same order in both: low where cause and effect are turned."""
    place = {stem: number for number, stem in reversed(list(enumerate(theirs)))}
    shared = [place[stem] for stem in dict.fromkeys(own) if stem in place]
    steps = list(zip(shared, shared[1:], strict=False))
    return sum(later > earlier for earlier, later in steps) / len(steps) if steps else 1.0
