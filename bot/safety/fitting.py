"""Fits `learnt.npz` on the labelled utterances: `python -m bot.safety.fitting`, some minutes at most, the same at every run."""

import json
import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from bot.safety.learnt import BUCKETS, FILE, features, vector
from bot.safety.reading import plain
from bot.safety.rules import signs
from ingest.bank import bank_path
from ingest.general import general_questions

UTTERANCES = "utterances.jsonl"

# How much an utterance of a class counts against one of "none": a danger that is missed costs more than a false alarm.
COUNTS = {"crisis": 4.0, "emergency": 4.0, "conditional": 3.0, "personal": 2.0, "none": 1.0}

# Inverse strength of the regularisation, chosen on the development set.
STRENGTH = 15.0

# Near-misses of these kinds may tell of a danger; they are left out of the harmless ones.
DOUBTFUL = ("symptom", "personal", "side-effects")


def utterances() -> list[tuple[str, str]]:
    """Every labelled utterance and its class."""
    lines = resources.files(__package__).joinpath(UTTERANCES).read_text(encoding="utf-8").splitlines()
    return [(one["text"], one["class"]) for one in map(json.loads, lines)]


def harmless(bank: Path) -> list[str]:
    """Questions that are no cry for help: those of the bank, and those on any other subject."""
    lines = [json.loads(line) for line in bank.read_text(encoding="utf-8").splitlines()]
    asked = [line["question"] for line in lines if line.get("kind") not in DOUBTFUL]
    return [question for question in asked if not _names_a_sign(question)] + general_questions()


def _names_a_sign(question: str) -> bool:
    """A question of the bank that a rule sees a sign in may be a cry for help: it is not to teach the opposite."""
    return any(sign.level != "personal" for sign in signs(plain(question)))


def fit(labelled: Sequence[tuple[str, str]], out: Path) -> None:
    """Fit on (text, class) pairs and write the model to `out`."""
    import numpy as np
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    texts = [plain(text) for text, _ in labelled]
    there = np.zeros(BUCKETS, dtype=np.float32)
    for text in texts:
        there[list({bucket for part in features(text) for bucket in part})] += 1
    rarity = (np.log((1 + len(texts)) / (1 + there)) + 1).astype(np.float16)
    rows = [vector(text, rarity) for text in texts]
    matrix = csr_matrix(
        (
            np.concatenate([values for _, values in rows]),
            np.concatenate([buckets for buckets, _ in rows]),
            np.cumsum([0, *(len(buckets) for buckets, _ in rows)]),
        ),
        shape=(len(rows), BUCKETS),
    )
    model = LogisticRegression(C=STRENGTH, max_iter=400, class_weight=COUNTS).fit(matrix, [name for _, name in labelled])
    np.savez_compressed(
        out,
        classes=np.array(model.classes_, dtype=str),
        weights=model.coef_.astype(np.float16),
        intercept=model.intercept_.astype(np.float32),
        rarity=rarity,
    )


def main() -> None:
    """Fit on all that ships and put the model in its place."""
    from bot.settings import packaged_docs
    from ingest.documents import source_paths

    bank = bank_path(source_paths(packaged_docs())[0])
    labelled = [*utterances(), *((text, "none") for text in harmless(bank))]
    out = Path(str(resources.files(__package__))) / FILE
    fit(labelled, out)
    sys.stdout.write(f"Fitted on {len(labelled)} utterances: {out.name}\n")


if __name__ == "__main__":
    main()
