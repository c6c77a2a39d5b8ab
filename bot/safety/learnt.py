"""A second net beside the rules: a linear model over words and letters, learnt from `utterances.jsonl`. No neural model.

It catches what no list foresees ("her legs just went"). Multinomial logistic regression over hashed n-grams, each text
weighed by sublinear term frequency and inverse document frequency (Salton & Buckley 1988).
"""

import math
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING
from zipfile import BadZipFile
from zlib import crc32

from ingest.errors import ModelError

if TYPE_CHECKING:
    import numpy as np

FILE = "learnt.npz"

# The arrays of the file beside the names of the classes.
NUMBERS = ("rarity", "weights", "intercept")

BUCKETS = 1 << 16
WORD_SIZES = (1, 2, 3)
LETTER_SIZES = (3, 4, 5)

_SEPARATORS = str.maketrans(dict.fromkeys('.,;:!?"()[]{}<>/\\|', " "))


def features(text: str) -> tuple[dict[int, float], dict[int, float]]:
    """Weights by bucket of a plain text: those of its words one to three at a time, and those of its letters three to five."""
    tokens = text.translate(_SEPARATORS).split()
    return _weighed(_words(tokens)), _weighed(_letters(tokens))


def _words(tokens: list[str]) -> Iterator[str]:
    for size in WORD_SIZES:
        yield from (" ".join(tokens[at : at + size]) for at in range(len(tokens) - size + 1))


def _letters(tokens: list[str]) -> Iterator[str]:
    for token in tokens:
        padded = f" {token} "
        for size in LETTER_SIZES:
            yield from (f"#{padded[at : at + size]}" for at in range(max(1, len(padded) - size + 1)))


def _weighed(grams: Iterator[str]) -> dict[int, float]:
    counted = Counter(crc32(gram.encode()) % BUCKETS for gram in grams)
    return {bucket: 1 + math.log(times) for bucket, times in counted.items()}


def vector(text: str, rarity: "np.ndarray") -> tuple["np.ndarray", "np.ndarray"]:
    """Buckets and values of a plain text; words and letters each have the length 1. `rarity`: a weight for each bucket."""
    import numpy as np

    buckets: list[int] = []
    values: list[float] = []
    for part in features(text):
        own = [weight * float(rarity[bucket]) for bucket, weight in part.items()]
        length = math.sqrt(sum(value * value for value in own)) or 1.0
        buckets += part
        values += [value / length for value in own]
    return np.array(buckets, dtype=np.int64), np.array(values, dtype=np.float32)


@cache
def _model() -> dict[str, "np.ndarray"]:
    import numpy as np

    try:
        with resources.files(__package__).joinpath(FILE).open("rb") as stream, np.load(stream) as arrays:
            return {"classes": arrays["classes"]} | {name: arrays[name].astype(np.float32) for name in NUMBERS}
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise ModelError(f"The safety net's file {FILE} can't be read: install the program again.") from error


def probabilities(text: str) -> dict[str, float]:
    """For a plain text the probability, 0 to 1, of each class: crisis, emergency, conditional, personal, none."""
    import numpy as np

    model = _model()
    buckets, values = vector(text, model["rarity"])
    logits = model["weights"][:, buckets] @ values + model["intercept"]
    terms = np.exp(logits - logits.max())
    return {str(name): float(share) for name, share in zip(model["classes"], terms / terms.sum(), strict=True)}
