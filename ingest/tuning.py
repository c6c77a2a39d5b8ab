"""Question bank → tuned encoder: each question picks its sentences among all of the document's, or "nothing here".

The loss is a softmax over the cosines with all section-prefixed sentences and one learned "nothing here" score, which is
linear in the question's vector, so that it can learn what kinds of things the document does not say. A second term keeps the
vectors of general text where the base weights put them, so that other documents are still found. Low-rank adaptation
(Hu et al. 2021) keeps what is learnt small.
"""

import json
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ingest.adapter import ADAPTER, CONFIG
from ingest.bank import BankQuestion
from ingest.experience import SCALE
from ingest.weights import Weights

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

Progress = Callable[[int, int], None]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Recipe:
    """How to tune. Chosen inside the bank only, by training on its newer part and measuring on its older one."""

    rank: int = 16
    learning_rate: float = 1e-3
    null_learning_rate: float = 3e-3
    epochs: int = 3
    batch: int = 128  # questions per step
    keep: float = 4.0  # weight of the term that holds general text in place
    keep_batch: int = 24  # general texts per step
    tokens: int = 160  # of a question or sentence that the tuning reads
    seed: int = 0


@dataclass(frozen=True)
class Tuned:
    """A tuned encoder with its "nothing here" score: `null_vector · question + null_bias`, comparable with a cosine."""

    model: "SentenceTransformer"
    null_vector: "torch.Tensor"
    null_bias: float


def tune(
    weights: Weights,
    sentences: Sequence[str],
    questions: Sequence[BankQuestion],
    general: Sequence[str],
    recipe: Recipe,
    *,
    progress: Progress | None = None,
) -> Tuned:
    """Tune the base weights on a bank. `sentences` are as the index embeds them; `general` is text on any other subject."""
    import torch

    torch.manual_seed(recipe.seed)
    training = _Training.begun(weights, sentences, general, recipe)
    steps = recipe.epochs * math.ceil(len(questions) / recipe.batch)
    optimizer = training.optimizer()
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: warm_then_linear(step, steps))
    pick = random.Random(recipe.seed)  # noqa: S311 (the order of training, not a secret)
    training.model.train()
    for step, batch in enumerate(batches(questions, lambda q: len(q.question), recipe.epochs, recipe.batch, pick), 1):
        descend(training.loss(batch, pick), training.adapter, optimizer, schedule)
        if progress:
            progress(step, steps)
    training.model.eval()
    return Tuned(training.model, training.null_vector.detach(), float(training.null_bias.detach()))


@dataclass(frozen=True)
class _Training:
    """What is trained, and on what: `anchors` are the vectors that the base weights give to the `general` texts."""

    model: "SentenceTransformer"
    null_vector: "torch.nn.Parameter"
    null_bias: "torch.nn.Parameter"
    sentences: Sequence[str]
    general: Sequence[str]
    anchors: "torch.Tensor"
    recipe: Recipe

    @classmethod
    def begun(cls, weights: Weights, sentences: Sequence[str], general: Sequence[str], recipe: Recipe) -> "_Training":
        """The base weights with an adapter that changes nothing yet."""
        import torch
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(weights.location, device="cpu", local_files_only=True)
        anchors = torch.tensor(model.encode(list(general), normalize_embeddings=True)) if general else torch.zeros(0, 384)
        add_adapter(model, recipe.rank)
        null_vector = torch.nn.Parameter(torch.zeros(model.get_embedding_dimension() or 0))
        return cls(model, null_vector, torch.nn.Parameter(torch.tensor(0.35)), sentences, general, anchors, recipe)

    @cached_property
    def adapter(self) -> "list[torch.nn.Parameter]":
        """The encoder's parameters that are trained; the base weights are not."""
        return [parameter for parameter in self.model.parameters() if parameter.requires_grad]

    @cached_property
    def parts(self) -> tuple[list[list[str]], list[int]]:
        """The sentences as `_by_length` lays them out."""
        return _by_length(self.sentences)

    def optimizer(self) -> "torch.optim.Optimizer":
        """AdamW; "nothing here" learns faster, and nothing draws it to zero."""
        import torch

        null = [self.null_vector, self.null_bias]
        return torch.optim.AdamW(
            [
                {"params": self.adapter, "lr": self.recipe.learning_rate, "weight_decay": 0.01},
                {"params": null, "lr": self.recipe.null_learning_rate, "weight_decay": 0.0},
            ]
        )

    def loss(self, batch: Sequence[BankQuestion], pick: random.Random) -> "torch.Tensor":
        """That of some questions, with some general texts held in place."""
        import torch

        parts, place = self.parts
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=fast_half_precision()):
            asked = vectors(self.model, [q.question for q in batch], self.recipe.tokens)
            among = torch.cat([vectors(self.model, part, self.recipe.tokens) for part in parts])[place]
            kept = pick.sample(range(len(self.general)), min(self.recipe.keep_batch, len(self.general)))
            held = vectors(self.model, [self.general[i] for i in kept], self.recipe.tokens) if kept else None
        loss = _choice_loss(asked.float(), among.float(), self.null_vector, self.null_bias, batch)
        if held is None:
            return loss
        return loss + self.recipe.keep * (1 - (held.float() * self.anchors[kept]).sum(-1)).mean()


def add_adapter(model: "SentenceTransformer", rank: int) -> None:
    """Put what can be learnt beside each matrix of the encoder."""
    from peft import LoraConfig

    # No dropout: it cost a third of the time of each step.
    linear = ["query", "key", "value", "dense"]
    model.add_adapter(LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=linear, task_type="FEATURE_EXTRACTION"))


def warm_then_linear(step: int, steps: int) -> float:
    """The learning rate's share at a step: up in the first tenth, then down."""
    return min(1.0, (step + 1) / (0.1 * steps)) * max(0.02, 1 - step / steps)


def descend(
    loss: "torch.Tensor",
    learnt: "Sequence[torch.nn.Parameter]",
    optimizer: "torch.optim.Optimizer",
    schedule: "torch.optim.lr_scheduler.LRScheduler",
) -> None:
    """One step of training; the gradient of `learnt` is cut to the length 1."""
    import torch

    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(learnt, 1.0)
    optimizer.step()
    schedule.step()


def fast_half_precision() -> bool:
    """Whether this processor multiplies bfloat16 in hardware; elsewhere it would be slower than single precision."""
    import torch

    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())  # noqa: SLF001 (no public name yet)


def batches(
    examples: Sequence[_T], length: Callable[[_T], int], epochs: int, size: int, pick: random.Random
) -> Iterator[list[_T]]:
    """Every example once per epoch, in random order but with others of about its length, which spares padding."""
    for _ in range(epochs):
        order = list(examples)
        pick.shuffle(order)
        window = size * 8
        for start in range(0, len(order), window):
            order[start : start + window] = sorted(order[start : start + window], key=length)
        found = [order[start : start + size] for start in range(0, len(order), size)]
        pick.shuffle(found)
        yield from found


def _by_length(sentences: Sequence[str]) -> tuple[list[list[str]], list[int]]:
    """The shorter and the longer sentences apart, which spares padding, and where each sentence is in the two together."""
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    middle = len(order) * 3 // 5
    parts = [[sentences[i] for i in part] for part in (order[:middle], order[middle:]) if part]
    return parts, sorted(range(len(order)), key=order.__getitem__)


def vectors(model: "SentenceTransformer", texts: list[str], tokens: int) -> "torch.Tensor":
    """Unit vectors of the first `tokens` tokens of each text, for training."""
    import torch

    features: dict[str, Any] = dict(model.tokenizer(texts, padding=True, truncation=True, max_length=tokens, return_tensors="pt"))
    made: torch.Tensor = model(features)["sentence_embedding"]
    return torch.nn.functional.normalize(made, dim=-1)


def _choice_loss(
    asked: "torch.Tensor",
    among: "torch.Tensor",
    null_vector: "torch.Tensor",
    null_bias: "torch.Tensor",
    batch: Sequence[BankQuestion],
) -> "torch.Tensor":
    """Half the chance that any right sentence is picked, half the mean chance of each: one is enough, all are better."""
    import torch

    null = asked @ null_vector + null_bias
    logarithms = torch.log_softmax(torch.cat([asked @ among.T, null[:, None]], 1) * SCALE, 1)
    right = torch.zeros_like(logarithms, dtype=torch.bool)
    for row, question in enumerate(batch):
        right[row, list(question.targets) or [-1]] = True
    any_right = torch.logsumexp(logarithms.masked_fill(~right, -torch.inf), 1)
    each_right = (logarithms * right).sum(1) / right.sum(1)
    return -0.5 * (any_right + each_right).mean()


def save(model: "SentenceTransformer", folder: Path) -> None:
    """Write the adapter in PEFT's format, in half precision."""
    import torch
    from safetensors.torch import load_file, save_file

    inner: Any = model[0].model
    inner.save_pretrained(folder)
    learnt = {name: value.to(torch.float16).contiguous() for name, value in load_file(folder / ADAPTER).items()}
    save_file(learnt, folder / ADAPTER)
    (folder / "README.md").unlink(missing_ok=True)
    # PEFT notes where the base weights lay on this machine, and a set in any order; the file is to be the same anywhere.
    config: dict[str, Any] = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    config |= {"base_model_name_or_path": None, "target_modules": sorted(config["target_modules"])}
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
