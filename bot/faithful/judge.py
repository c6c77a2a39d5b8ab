"""A small cross-encoder that reads cited text and written sentence together and says whether the one carries the other.

It starts from the encoder's own base weights, of which all but the word vectors are tuned on labelled pairs that were written for
this article. What differs from the base weights ships as whole numbers with a scale for each row. It is loaded only where a
language model is configured.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.errors import ModelError

if TYPE_CHECKING:
    import torch

# What ships.
FITTED = Path(__file__).resolve().parent / "fitted"

WEIGHTS = "judge.safetensors"
MANIFEST = "judge.json"

# Pieces of words that are read of a pair; the longest pair of the article's sentences has fewer.
TOKENS = 192
AT_A_TIME = 32

# How a matrix's change is kept: whole numbers up to STEPS, and a scale for each row.
STEPS = 127
CHANGE, SCALE = ".change", ".scale"
MATRIX = 2


class Judge:
    """Scores pairs. `threshold`: the lowest score with which a sentence may be shown."""

    def __init__(self, module: "torch.nn.Module", tokenizer: Any, threshold: float) -> None:
        """`module`: from tokens to logits."""
        self._module = module
        self._tokenizer = tokenizer
        self.threshold = threshold

    @classmethod
    def from_folder(cls, folder: Path, base: str) -> "Judge":
        """The fitted judge over the base weights at `base`. Raises `ModelError` where it can't be read."""
        from safetensors.torch import load_file

        with _readable(folder):
            module = network(base)
            add(module, load_file(folder / WEIGHTS))
            module.eval()
            return cls(module, tokenizer(base), _threshold(folder))

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """For each (cited text, written sentence) how probable it is, 0 to 1, that the text carries the sentence."""
        import torch

        found: list[float] = []
        with torch.no_grad():
            for start in range(0, len(pairs), AT_A_TIME):
                logits = self._module(encoded(self._tokenizer, pairs[start : start + AT_A_TIME])).float()
                found += torch.sigmoid(logits).tolist()
        return found


def check_files(folder: Path) -> None:
    """Whether a fitted judge is whole, without loading it. Raises `ModelError` where it is not."""
    from safetensors import safe_open

    with _readable(folder), safe_open(folder / WEIGHTS, framework="numpy"):
        _threshold(folder)


@contextlib.contextmanager
def _readable(folder: Path) -> Iterator[None]:
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"The fitted check in {folder} can't be read: run python -m bot.faithful.fitting.") from error


def _threshold(folder: Path) -> float:
    return float(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["threshold"])


def tokenizer(base: str) -> Any:
    """The base weights' own."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(base, local_files_only=True)


def encoded(pieces: Any, pairs: Sequence[tuple[str, str]]) -> Any:
    """Both texts of each pair as one sequence."""
    cited, written = zip(*pairs, strict=True)
    return pieces(list(cited), list(written), padding=True, truncation=True, max_length=TOKENS, return_tensors="pt")


def network(base: str) -> "torch.nn.Module":
    """The base encoder, its word vectors as they are, with a head over its first and its mean vector."""
    import torch
    from transformers import AutoModel

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = AutoModel.from_pretrained(base, local_files_only=True)
            self.encoder.embeddings.requires_grad_(False)
            self.head = torch.nn.Linear(2 * self.encoder.config.hidden_size, 1)

        def forward(self, batch: Any) -> torch.Tensor:
            states = self.encoder(**batch).last_hidden_state
            mask = batch["attention_mask"].unsqueeze(-1)
            mean = (states * mask).sum(1) / mask.sum(1)
            logits: torch.Tensor = self.head(torch.cat([states[:, 0], mean], -1)).squeeze(-1)
            return logits

    return Network()


def difference(module: "torch.nn.Module", base: str) -> "dict[str, torch.Tensor]":
    """What was learnt: for each matrix of the encoder its difference from the base in steps of a row's scale, all else whole."""
    before = network(base).state_dict()
    learnt: dict[str, torch.Tensor] = {}
    for name, parameter in module.named_parameters():
        if not parameter.requires_grad:
            continue
        value = parameter.detach()
        if name.startswith("encoder.") and value.ndim == MATRIX:
            change = value - before[name]
            scale = change.abs().amax(1, keepdim=True).clamp(min=1e-12) / STEPS
            learnt |= {f"{name}{CHANGE}": (change / scale).round().char(), f"{name}{SCALE}": scale}
        else:
            learnt[name] = value.clone()
    return learnt


def add(module: "torch.nn.Module", learnt: "Mapping[str, torch.Tensor]") -> None:
    """Add what was learnt to base weights. Raises `KeyError` or `RuntimeError` where it does not fit them."""
    import torch

    parameters = dict(module.named_parameters())
    with torch.no_grad():
        for name, value in learnt.items():
            if name.endswith(CHANGE):
                own = name.removesuffix(CHANGE)
                parameters[own].add_(value.float() * learnt[f"{own}{SCALE}"])
            elif not name.endswith(SCALE):
                parameters[name].copy_(value)
