"""What tuning changed in the encoder, as a LoRA adapter in PEFT's format beside the document.

A folder `<name>.tuned` beside `<name>.txt` holds it, `adapter_model.safetensors` and `adapter_config.json`, merged into the base
weights when these are loaded; `manifest.json` says what it was made from. All else in the folder belongs to those who read it.
"""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ingest.errors import ModelError

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

ADAPTER = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
MANIFEST = "manifest.json"


class TuningManifest(BaseModel):
    """Where an adapter comes from. `figures` are cross-validated on the bank."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_sha256: str
    bank_sha256: str
    document_sha256: str
    seed: int
    epochs: int
    rank: int
    questions: int
    near_misses: int
    created: str
    figures: dict[str, float]


def tuned_folder(source: Path) -> Path:
    """Where the tuning of a source stands."""
    return source.with_suffix(".tuned")


def read_tuning_manifest(folder: Path) -> TuningManifest:
    """The manifest of a tuning. Raises `ModelError` where it can't be read."""
    try:
        return TuningManifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelError(f"The tuning in {folder} can't be read: run cancer-bot tune, or remove that folder.") from error


def adapter_sha256(folder: Path) -> str:
    """The hash of all that changes a vector."""
    digest = hashlib.sha256()
    try:
        for name in (ADAPTER, CONFIG):
            digest.update((folder / name).read_bytes())
    except OSError as error:
        raise ModelError(f"The tuning in {folder} lacks {name}: run cancer-bot tune, or remove that folder.") from error
    return digest.hexdigest()


def merge(model: "SentenceTransformer", folder: Path) -> None:
    """Add the adapter to the base weights: W + (alpha / rank) · B·A (Hu et al. 2021, LoRA, eq. 3), without PEFT at run time."""
    import torch

    scale, learnt = _read_adapter(folder)
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, down in learnt.items():
            if not name.endswith(".lora_A.weight"):
                continue
            module = name.removesuffix(".lora_A.weight").removeprefix("base_model.model.")
            up = learnt[name.replace(".lora_A.", ".lora_B.")]
            target = next((p for key, p in parameters.items() if key.endswith(f"{module}.weight")), None)
            if target is None or target.shape != (up.shape[0], down.shape[1]):
                raise ModelError(f"The tuning in {folder} does not fit the base weights at {module}: run cancer-bot tune.")
            target += scale * (up.float() @ down.float())


def _read_adapter(folder: Path) -> "tuple[float, dict[str, torch.Tensor]]":
    """The scale, alpha / rank, and the matrices by name."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        config: dict[str, Any] = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        return config["lora_alpha"] / config["r"], load_file(folder / ADAPTER)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise ModelError(f"The tuning in {folder} can't be read: run cancer-bot tune, or remove that folder.") from error
