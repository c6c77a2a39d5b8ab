"""A small cross-encoder that reads cited text and written sentence together and says whether the one carries the other.

It starts from the encoder's own base weights and is tuned, by a low-rank adapter (Hu et al. 2021), on labelled pairs that were
written for this article. It is loaded only where a language model is configured.
"""

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.errors import ModelError

if TYPE_CHECKING:
    import torch

WEIGHTS = "judge.safetensors"
MANIFEST = "judge.json"

# Pieces of words that are read of a pair; the longest pair of the article's sentences has fewer.
TOKENS = 192
AT_A_TIME = 32


@dataclass(frozen=True)
class Shape:
    """How the adapter is made; what was fitted with one shape can be read with that shape only."""

    rank: int = 32
    alpha: int = 64


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

        try:
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            module = network(base, Shape(**manifest["shape"]))
            learnt = {name: value.float() for name, value in load_file(folder / WEIGHTS).items()}
            left = module.load_state_dict(learnt, strict=False)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise ModelError(f"The fitted check in {folder} can't be read: run python -m bot.faithful.fitting.") from error
        if left.unexpected_keys:
            raise ModelError(f"The fitted check in {folder} does not fit the base weights: run python -m bot.faithful.fitting.")
        module.eval()
        return cls(module, tokenizer(base), float(manifest["threshold"]))

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """For each (cited text, written sentence) how probable it is, 0 to 1, that the text carries the sentence."""
        import torch

        found: list[float] = []
        with torch.no_grad():
            for start in range(0, len(pairs), AT_A_TIME):
                logits = self._module(encoded(self._tokenizer, pairs[start : start + AT_A_TIME])).float()
                found += torch.sigmoid(logits).tolist()
        return found


def tokenizer(base: str) -> Any:
    """The base weights' own."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(base, local_files_only=True)


def encoded(pieces: Any, pairs: Sequence[tuple[str, str]]) -> Any:
    """Both texts of each pair as one sequence."""
    cited, written = zip(*pairs, strict=True)
    return pieces(list(cited), list(written), padding=True, truncation=True, max_length=TOKENS, return_tensors="pt")


def network(base: str, shape: Shape) -> "torch.nn.Module":
    """The base encoder with an adapter on every linear layer, and a head over its first and its mean vector."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModel

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            encoder = AutoModel.from_pretrained(base, local_files_only=True)
            linear = ["query", "key", "value", "dense"]
            config = LoraConfig(r=shape.rank, lora_alpha=shape.alpha, target_modules=linear)
            with warnings.catch_warnings():
                # PEFT asks transformers for a name that is about to change; nothing that a person could act on.
                warnings.simplefilter("ignore", FutureWarning)
                self.encoder = get_peft_model(encoder, config)
            self.head = torch.nn.Linear(2 * encoder.config.hidden_size, 1)

        def forward(self, batch: Any) -> torch.Tensor:
            states = self.encoder(**batch).last_hidden_state
            mask = batch["attention_mask"].unsqueeze(-1)
            mean = (states * mask).sum(1) / mask.sum(1)
            logits: torch.Tensor = self.head(torch.cat([states[:, 0], mean], -1)).squeeze(-1)
            return logits

    return Network()
