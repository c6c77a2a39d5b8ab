"""A second look at what no rule saw: an encoder that was tuned to hear a danger in a question, however veiled.

The small linear net over words and letters sees the words, this one the sense; what counts is the mean of their log-odds, which
was better on the development set than either. A sign that a rule saw, and what the net is sure of, are not this one's to doubt.
The base weights with an adapter (`bot.safety.tuning`), compiled as the encoder for questions is.
"""

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

from bot.conversation import leans
from bot.safety.assessment import DANGER_THAT_LASTS, Assessment
from bot.safety.context import without_wish_to_live
from bot.safety.head import Head
from bot.safety.labelled import utterances
from bot.safety.learnt import probabilities
from bot.safety.level import Level
from bot.safety.reading import plain
from ingest.errors import ModelError

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

    from ingest.weights import Weights

# What ships: an adapter in PEFT's format, and the head over the vectors that it makes.
FITTED = Path(__file__).resolve().parent / "fitted"
HEAD = "head.npz"
ADVICE = "install the program again"

# How its compiled form is called beside the index.
ROLE = "hearing"

# From this probability on it is a danger, chosen on the development sets: fewer false alarms than without this second look.
DANGER = 0.15

# The compiled form is compared with the encoder on every so many of the labelled utterances.
COMPARED_EVERY = 60


class Hearing:
    """Hears dangers. The encoder is loaded by the first question that needs it."""

    def __init__(self, index: Path) -> None:
        """`index`: the folder beside whose index the compiled form is kept."""
        self._index = index

    @cached_property
    def embeddings(self) -> "Embeddings":
        """The encoder, compiled now where it was not. Raises `ModelError` where its weights can't be read."""
        from ingest.compiled import query_embeddings

        return query_embeddings(self._index, hearing_weights(), _compared, ROLE)

    @cached_property
    def _head(self) -> Head:
        return Head.from_file(FITTED / HEAD, ADVICE)

    def load(self) -> None:
        """Load it now, so that no question waits. Raises `ModelError` where it can't be read."""
        self.probabilities("")

    def probabilities(self, text: str) -> dict[Level, float]:
        """For a plain text the probability, 0 to 1, of each level."""
        with _mended_by_installing():
            return self._head.probabilities(self.embeddings.embed_query(text))

    def heard(self, assessment: Assessment, question: str, previous: Sequence[str] = ()) -> Assessment:
        """The assessment with the danger that is heard, or without the doubtful one that is not.

        As in `assess`, a danger that was heard in the line before is not over because this one leans on it.
        """
        if assessment.level.is_danger and assessment.otherwise is None:
            return assessment
        danger, level = self._danger(question)
        if danger < DANGER and previous and leans(question):
            before, its_level = self._danger(previous[-1])
            if before >= DANGER_THAT_LASTS:
                danger, level = before, its_level
        if danger >= DANGER:
            return replace(assessment, level=level, otherwise=None)
        return replace(assessment, level=assessment.otherwise or assessment.level, otherwise=None)

    def _danger(self, said: str) -> tuple[float, Level]:
        """How probable a danger is, by both nets, and which of the two it would be."""
        text = without_wish_to_live(plain(said))
        both = [{Level(name): share for name, share in probabilities(text).items()}, self.probabilities(text)]
        crisis, emergency = (sum(one[level] for one in both) for level in (Level.CRISIS, Level.EMERGENCY))
        odds = mean(_log_odds(one[Level.CRISIS] + one[Level.EMERGENCY]) for one in both)
        return 1 / (1 + math.exp(-odds)), Level.CRISIS if crisis > emergency else Level.EMERGENCY


def hearing_weights() -> "Weights":
    """The installed base weights, whatever encoder the index uses, with what was learnt."""
    from ingest.weights import find_weights

    base = find_weights()
    return replace(base, name=f"{base.name}, for dangers", tuning=FITTED)


def check_files() -> None:
    """Whether what was learnt is whole, without loading it. Raises `ModelError` where it is not."""
    with _mended_by_installing():
        Head.from_file(FITTED / HEAD, ADVICE)
        hearing_weights().sha256()


@contextlib.contextmanager
def _mended_by_installing() -> Iterator[None]:
    """No tuning of a document mends what was learnt for this, as the adapter's own errors say."""
    try:
        yield
    except ModelError as error:
        if str(FITTED) in str(error):
            raise ModelError(f"The safety net's files in {FITTED} can't be read: {ADVICE}.") from error
        raise


def _compared() -> list[str]:
    return [plain(text) for text, _ in utterances()[::COMPARED_EVERY]]


def _log_odds(probability: float) -> float:
    held = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(held / (1 - held))
