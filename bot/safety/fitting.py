"""Fits the safety net on the labelled utterances: `python -m bot.safety.fitting`, a minute or two, the same at every run.

Writes `learnt.npz`, which needs no encoder, and `meaning.npz` beside the tuned encoder whose vectors it is for.
"""

import json
import sys
import tomllib
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from bot.safety.head import Head
from bot.safety.labelled import utterances
from bot.safety.learnt import BUCKETS, FILE, features, vector
from bot.safety.level import Level
from bot.safety.meaning import FILE as MEANING
from bot.safety.reading import plain
from bot.safety.rules import signs
from ingest.bank import bank_path
from ingest.general import general_questions

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

FRAMES = "frames.toml"

# How many frames of a class each sign of danger is put into, and how many of any class what is no danger. Chosen on the
# development set.
FRAMED = {"emergency": 6, "conditional": 3, "none": 8}
FRAMED_HARMLESS = 10

# How much an utterance of a class counts against one of "none": a danger that is missed costs more than a false alarm.
COUNTS = {"crisis": 4.0, "emergency": 4.0, "conditional": 3.0, "personal": 2.0, "none": 1.0}

# Inverse strength of the regularisation, chosen on the development set.
STRENGTH = 15.0

# The same for the model over vectors, which does not judge dangers. Both chosen on the development set.
MEANING_COUNTS = {Level.CONDITIONAL.value: 3.0, Level.PERSONAL.value: 2.0, Level.NONE.value: 1.0}
MEANING_STRENGTH = 10.0

# Near-misses of these kinds may tell of a danger; they are left out of the harmless ones.
DOUBTFUL = ("symptom", "personal", "side-effects")


def framed() -> list[tuple[str, str]]:
    """Signs of danger, and what is none, in the frames of `frames.toml`, each with the class that the two make together."""
    raw = tomllib.loads(resources.files(__package__).joinpath(FRAMES).read_text(encoding="utf-8"))
    frames = raw["frames"]
    dangers = [(text, name) for name, count in FRAMED.items() for text in _in_frames(raw, ("sign", "does"), frames[name], count)]
    around = [*frames["emergency"], *frames["conditional"]]
    return dangers + [(text, "none") for text in _in_frames(raw, ("mild", "calm"), around, FRAMED_HARMLESS)]


def _in_frames(raw: dict[str, Any], lists: tuple[str, str], frames: Sequence[str], count: int) -> Iterator[str]:
    """Each thing of the two lists in `count` of the frames that take it, always the same ones."""
    for slot, name in zip(("sign", "does"), lists, strict=True):
        fit = [frame for frame in frames if f"{{{slot}}}" in frame]
        for thing in raw[name]:
            for frame in sorted(fit, key=lambda frame: crc32(f"{frame}{thing}".encode()))[:count]:
                who = raw["who"][crc32(f"{thing}{frame}".encode()) % len(raw["who"])]
                yield frame.format(who=who, **{slot: thing})


def harmless(bank: Path) -> list[str]:
    """Questions that are no cry for help: those of the bank, and those on any other subject."""
    lines = [json.loads(line) for line in bank.read_text(encoding="utf-8").splitlines()]
    fit = [line for line in lines if line.get("kind") not in DOUBTFUL]
    asked = [question for line in fit for question in (line["question"], *line.get("previous", ()))]
    return [question for question in asked if not _names_a_sign(question)] + general_questions()


def personal(bank: Path) -> list[str]:
    """Questions of the bank that only a person's own care team can answer."""
    lines = [json.loads(line) for line in bank.read_text(encoding="utf-8").splitlines()]
    return [line["question"] for line in lines if line.get("kind") == "personal" and not line.get("previous")]


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


def fit_meaning(embeddings: "Embeddings", bank: Path, folder: Path) -> None:
    """Fit the model over vectors of a tuned encoder and write it to the tuning's folder."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    labelled = [(text, name) for text, name in utterances() if name in MEANING_COUNTS]
    labelled += [*((text, "none") for text in harmless(bank)), *((text, "personal") for text in personal(bank))]
    vectors = np.array(embeddings.embed_documents([text for text, _ in labelled]), dtype=np.float32)
    model = LogisticRegression(C=MEANING_STRENGTH, max_iter=2000, class_weight=MEANING_COUNTS)
    model.fit(vectors, [name for _, name in labelled])
    levels = tuple(Level(name) for name in model.classes_)
    Head(levels, model.coef_.astype(np.float32), model.intercept_.astype(np.float32)).save(folder / MEANING)


def main() -> None:
    """Fit on all that ships and put the models in their places."""
    from bot.opening import weights_for
    from bot.settings import Settings, packaged_docs
    from ingest.documents import source_paths
    from ingest.embeddings import SentenceTransformerEmbeddings

    bank = bank_path(source_paths(packaged_docs())[0])
    labelled = [*utterances(), *framed(), *((text, "none") for text in harmless(bank))]
    out = Path(str(resources.files(__package__))) / FILE
    fit(labelled, out)
    sys.stdout.write(f"Fitted on {len(labelled)} utterances: {out.name}\n")
    weights = weights_for(Settings())
    if weights.tuning:
        fit_meaning(SentenceTransformerEmbeddings(weights), bank, weights.tuning)
        sys.stdout.write(f"Fitted on the encoder's vectors: {weights.tuning.name}/{MEANING}\n")


if __name__ == "__main__":
    main()
