"""Tunes the encoder that hears dangers, on labelled utterances: `python -m bot.safety.tuning`, ten minutes on two cores.

The base weights with a low-rank adapter (Hu et al. 2021) and a linear head over the unit vector, trained together.
"""

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from bot.safety.fitting import framed, harmless
from bot.safety.head import Head
from bot.safety.hearing import FITTED, HEAD
from bot.safety.labelled import utterances
from bot.safety.level import Level
from bot.safety.reading import plain
from ingest.bank import bank_path
from ingest.tuning import add_adapter, batches, descend, fast_half_precision, save, vectors, warm_then_linear
from ingest.weights import Weights

# Of what is harmless and plentiful, questions of the bank and on any other subject, this share is enough.
HARMLESS_SHARE = 0.5


@dataclass(frozen=True)
class Recipe:
    """How to tune. Chosen on the development set."""

    rank: int = 32
    learning_rate: float = 5e-4
    head_learning_rate: float = 1e-2
    epochs: int = 4
    batch: int = 32
    tokens: int = 128
    scale: float = 10.0  # of the unit vector, before the head
    smoothing: float = 0.02
    seed: int = 0


# How much an utterance of a class counts against one of "none".
COUNTS = {Level.CRISIS: 3.0, Level.EMERGENCY: 2.0, Level.CONDITIONAL: 2.0, Level.PERSONAL: 1.5, Level.NONE: 1.0}


def labelled(bank: Path) -> list[tuple[str, Level]]:
    """What is learnt from, as plain texts: every utterance, the frames, and a share of what is harmless, always the same."""
    enough = [text for text in harmless(bank) if crc32(text.encode()) % 100 < HARMLESS_SHARE * 100]
    return [(plain(text), Level(name)) for text, name in [*utterances(), *framed(), *((text, "none") for text in enough)]]


def tune(weights: Weights, examples: Sequence[tuple[str, Level]], recipe: Recipe, folder: Path) -> None:
    """Train on (plain text, class) pairs and write the adapter and the head to `folder`."""
    import numpy as np
    import torch
    from sentence_transformers import SentenceTransformer

    torch.manual_seed(recipe.seed)
    model = SentenceTransformer(weights.location, device="cpu", local_files_only=True)
    add_adapter(model, recipe.rank)
    adapter = [parameter for parameter in model.parameters() if parameter.requires_grad]
    levels = list(Level)
    head = torch.nn.Linear(model.get_embedding_dimension() or 0, len(levels))
    optimizer = torch.optim.AdamW(
        [
            {"params": adapter, "lr": recipe.learning_rate, "weight_decay": 0.01},
            {"params": head.parameters(), "lr": recipe.head_learning_rate, "weight_decay": 0.0},
        ]
    )
    per_epoch = -(-len(examples) // recipe.batch)
    steps = recipe.epochs * per_epoch
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: warm_then_linear(step, steps))
    counts = torch.tensor([COUNTS[level] for level in levels])
    pick = random.Random(recipe.seed)  # noqa: S311 (the order of training, not a secret)
    model.train()
    for step, batch in enumerate(batches(examples, lambda one: len(one[0]), recipe.epochs, recipe.batch, pick), 1):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=fast_half_precision()):
            made = vectors(model, [text for text, _ in batch], recipe.tokens)
        wanted = torch.tensor([levels.index(level) for _, level in batch])
        logits = head(recipe.scale * made.float())
        loss = torch.nn.functional.cross_entropy(logits, wanted, counts, label_smoothing=recipe.smoothing)
        descend(loss, adapter, optimizer, schedule)
        if step % per_epoch == 0:
            sys.stderr.write(f"epoch {step // per_epoch} of {recipe.epochs}\n")
    model.eval()
    folder.mkdir(exist_ok=True)
    save(model, folder)
    # As it is applied: to the unit vector itself.
    weights_of_unit = (recipe.scale * head.weight.detach()).numpy().astype(np.float32)
    Head(tuple(levels), weights_of_unit, head.bias.detach().numpy().astype(np.float32)).save(folder / HEAD)


def main() -> None:
    """Tune on all that ships, and put the result in its place."""
    from bot.privacy import keep_to_this_machine
    from bot.settings import packaged_docs
    from ingest.documents import source_paths
    from ingest.weights import find_weights

    keep_to_this_machine()
    examples = labelled(bank_path(source_paths(packaged_docs())[0]))
    tune(find_weights(), examples, Recipe(), FITTED)
    sys.stdout.write(f"Tuned on {len(examples)} utterances: {FITTED.name}/\n")


if __name__ == "__main__":
    main()
