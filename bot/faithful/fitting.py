"""Fits the check on labelled pairs: `python -m bot.faithful.fitting`, about half an hour on two cores."""

import json
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

from bot.faithful.check import broken, folder
from bot.faithful.judge import MANIFEST, WEIGHTS, Judge, difference, encoded, network, tokenizer

PAIRS = "pairs.jsonl"

# The share of the false pairs that were not trained on which the threshold has to drop; a little above the goal of 0.95.
DROPPED = 0.96


@dataclass(frozen=True)
class Recipe:
    """How to train. Chosen on the pairs that set the threshold."""

    epochs: int = 9
    learning_rate: float = 1e-4
    batch: int = 32
    seed: int = 0


@dataclass(frozen=True)
class Pair:
    """A cited text, a written sentence, and whether the one carries the other. `held`: for the threshold, not for training."""

    cited: str
    written: str
    holds: bool
    kind: str
    held: bool = False


def read_pairs(path: Path) -> list[Pair]:
    """Pairs from JSON Lines."""
    return [Pair(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def train(pairs: Sequence[Pair], base: str, recipe: Recipe, out: Path) -> None:
    """Train on the pairs that are not held, set the threshold on those that are, and write both to `out`."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(recipe.seed)
    pieces, module = tokenizer(base), network(base)
    learnt = [parameter for parameter in module.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learnt, lr=recipe.learning_rate, weight_decay=0.01)
    used = [pair for pair in pairs if not pair.held]
    per_epoch = -(-len(used) // recipe.batch)
    steps = recipe.epochs * per_epoch
    warm = steps / 10
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min(1.0, (s + 1) / warm) * max(0.0, (steps - s) / steps))
    order = random.Random(recipe.seed)  # noqa: S311 -- the order of training, not a secret
    module.train()
    for epoch in range(recipe.epochs):
        order.shuffle(used)
        for start in range(0, len(used), recipe.batch):
            batch = used[start : start + recipe.batch]
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = module(encoded(pieces, [(pair.cited, pair.written) for pair in batch]))
            wanted = torch.tensor([float(pair.holds) for pair in batch])
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), wanted)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(learnt, 1.0)
            optimizer.step()
            schedule.step()
        sys.stderr.write(f"epoch {epoch + 1} of {recipe.epochs}\n")
    module.eval()
    threshold = _threshold(Judge(module, pieces, 0.0), [pair for pair in pairs if pair.held])
    out.mkdir(exist_ok=True)
    save_file(difference(module, base), out / WEIGHTS)
    manifest = {"threshold": threshold, "recipe": asdict(recipe), "pairs": len(used)}
    (out / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _threshold(judge: Judge, held: Sequence[Pair]) -> float:
    """The lowest score with which, after the rules, the wanted share of the false pairs is dropped."""
    false = [pair for pair in held if not pair.holds]
    unruled = [pair for pair in false if not broken(pair.cited, pair.written)]
    scores = sorted(judge.scores([(pair.cited, pair.written) for pair in unruled]), reverse=True)
    may_pass = int((1 - DROPPED) * len(false))
    return scores[may_pass] + 1e-6 if len(scores) > may_pass else 0.5


def main() -> None:
    """Fit on the pairs that ship, and put the result in its place."""
    from ingest.weights import find_weights

    pairs = read_pairs(Path(str(resources.files(__package__))) / PAIRS)
    train(pairs, find_weights().location, Recipe(), folder())
    sys.stdout.write(f"Fitted on {sum(not pair.held for pair in pairs)} pairs.\n")


if __name__ == "__main__":
    main()
