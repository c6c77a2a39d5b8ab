"""Fits the check on labelled pairs: `python -m bot.faithful.fitting`, about half an hour on two cores."""

import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.faithful.check import broken
from bot.faithful.judge import FITTED, MANIFEST, WEIGHTS, Judge, difference, encoded, network, tokenizer
from bot.faithful.labelled import SHIPPED, LabelledPair, read_pair_set
from ingest.tuning import descend

if TYPE_CHECKING:
    import torch

# The share of the false pairs that were not trained on which the threshold has to drop; a little above the goal of 0.95.
DROPPED = 0.96


@dataclass(frozen=True)
class Recipe:
    """How to train. Chosen on the pairs that set the threshold."""

    epochs: int = 9
    learning_rate: float = 1e-4
    batch: int = 32
    seed: int = 0


def fit(pairs: Sequence[LabelledPair], base: str, recipe: Recipe, out: Path) -> None:
    """Train on the pairs that are not held, set the threshold on those that are, and write both to `out`."""
    from safetensors.torch import save_file

    used = [pair for pair in pairs if not pair.held]
    module = _trained(used, base, recipe)
    threshold = _threshold(Judge(module, tokenizer(base), 0.0), [pair for pair in pairs if pair.held])
    out.mkdir(exist_ok=True)
    save_file(difference(module, base), out / WEIGHTS)
    manifest = {"threshold": threshold, "recipe": asdict(recipe), "pairs": len(used)}
    (out / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _trained(pairs: Sequence[LabelledPair], base: str, recipe: Recipe) -> "torch.nn.Module":
    import torch

    torch.manual_seed(recipe.seed)
    pieces, module = tokenizer(base), network(base)
    learnt = [parameter for parameter in module.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learnt, lr=recipe.learning_rate, weight_decay=0.01)
    per_epoch = -(-len(pairs) // recipe.batch)
    steps = recipe.epochs * per_epoch
    warm = steps / 10
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min(1.0, (s + 1) / warm) * max(0.0, (steps - s) / steps))
    module.train()
    for step, batch in enumerate(_batches(pairs, recipe), 1):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = module(encoded(pieces, [(pair.cited, pair.written) for pair in batch]))
        wanted = torch.tensor([float(pair.holds) for pair in batch])
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), wanted)
        descend(loss, learnt, optimizer, schedule)
        if step % per_epoch == 0:
            sys.stderr.write(f"epoch {step // per_epoch} of {recipe.epochs}\n")
    module.eval()
    return module


def _batches(pairs: Sequence[LabelledPair], recipe: Recipe) -> Iterator[list[LabelledPair]]:
    """Every pair once per epoch, each time in another order."""
    order, left = random.Random(recipe.seed), list(pairs)  # noqa: S311 -- the order of training, not a secret
    for _ in range(recipe.epochs):
        order.shuffle(left)
        yield from (left[start : start + recipe.batch] for start in range(0, len(left), recipe.batch))


def _threshold(judge: Judge, held: Sequence[LabelledPair]) -> float:
    """The lowest score with which, after the rules, the wanted share of the false pairs is dropped."""
    false = [pair for pair in held if not pair.holds]
    unruled = [pair for pair in false if not broken(pair.cited, pair.written)]
    scores = sorted(judge.scores([(pair.cited, pair.written) for pair in unruled]), reverse=True)
    may_pass = int((1 - DROPPED) * len(false))
    return scores[may_pass] + 1e-6 if len(scores) > may_pass else 0.5


def main() -> None:
    """Fit on the pairs that ship, and put the result in its place."""
    from bot.privacy import keep_to_this_machine
    from ingest.weights import find_weights

    keep_to_this_machine()
    pairs = read_pair_set(SHIPPED).pairs
    fit(pairs, find_weights().location, Recipe(), FITTED)
    sys.stdout.write(f"Fitted on {sum(not pair.held for pair in pairs)} pairs.\n")


if __name__ == "__main__":
    main()
