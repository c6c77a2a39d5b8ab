"""What is installed and whether it can answer; every failing check says what to do."""

import hashlib
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.errors import CancerBotError

if TYPE_CHECKING:
    from bot.settings import Settings

PACKAGES = ("langchain", "langchain-chroma", "chromadb", "sentence-transformers", "torch", "gradio")


@dataclass(frozen=True)
class Check:
    """One line of the examination; `fix` says what to do where it is not `ok`."""

    name: str
    ok: bool
    detail: str
    fix: str = ""

    def line(self) -> str:
        """For a terminal."""
        return f"{'ok  ' if self.ok else 'FAIL'}  {self.name}: {self.detail}" + (f" -> {self.fix}" if self.fix else "")

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def examine() -> list[Check]:
    """Every check, in the order in which a person would mend things."""
    from bot.settings import SettingsError, read_settings

    checks = [_python(), _packages()]
    try:
        settings = read_settings()
    except SettingsError as error:
        return [*checks, Check("settings", False, str(error), "correct it in the environment or in .env")]
    return [
        *checks,
        Check("settings", True, "read"),
        *(_guarded(name, check, settings) for name, check in _CHECKS.items()),
    ]


def _guarded(name: str, check: "Callable[[Settings], Check]", settings: "Settings") -> Check:
    """The messages of our errors end in what to do, so they serve as detail and as fix."""
    try:
        return check(settings)
    except CancerBotError as error:
        what, _, fix = str(error).partition(": ")
        return Check(name, False, what, fix or str(error))


def _python() -> Check:
    version = sys.version_info
    return Check("python", version >= (3, 11), f"{version.major}.{version.minor}.{version.micro}")


def _packages() -> Check:
    found: dict[str, str] = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            return Check("packages", False, f"{name} is not installed", f"pip install {name}")
    return Check("packages", True, ", ".join(f"{name} {version}" for name, version in found.items()))


def _weights(settings: "Settings") -> Check:
    from bot.opening import weights_for

    weights = weights_for(settings)
    digest = weights.sha256()
    checked = "the hash is the known one" if weights.expected_sha256 else "no known hash to compare with"
    return Check("embedding model", True, f"{weights.name}, sha256 {digest[:12]}, {checked}")


def _sources(settings: "Settings") -> Check:
    from ingest.documents import read_documents
    from ingest.extracted import FOLDER

    documents = read_documents(settings.docs, texts=settings.index / FOLDER)
    return Check("sources", True, f"{len(documents)} in {settings.docs}: {', '.join(d.name for d in documents[:5])}")


def _index(settings: "Settings") -> Check:
    from bot.opening import weights_for
    from ingest.documents import read_documents
    from ingest.extracted import FOLDER
    from ingest.index import damage, matches, stale_because

    place, weights = settings.place, weights_for(settings)
    documents = read_documents(settings.docs, texts=settings.index / FOLDER)
    manifest = matches(place, documents, weights)
    if manifest is None:
        reason = stale_because(place, documents, weights)
        return Check("index", False, f"{place} has to be built: {reason}", "run cancer-bot ingest")
    if what := damage(place, documents, manifest):
        return Check("index", False, f"{place} is damaged: {what.partition(': run ')[0]}", "run cancer-bot ingest")
    counts = f"{manifest.documents} documents, {manifest.passages} passages, {manifest.sentences} sentences"
    return Check("index", True, f"{place} matches the sources ({counts}, made {manifest.created})")


def _query_encoder(settings: "Settings") -> Check:
    from bot.opening import weights_for
    from ingest.compiled import CompiledEmbeddings, NotCompiled, compiled_folder

    try:
        CompiledEmbeddings.from_folder(compiled_folder(settings.index, weights_for(settings)))
    except NotCompiled as reason:
        return Check("query encoder", True, f"not compiled ({reason}): a first question takes seconds longer")
    return Check("query encoder", True, "compiled, the hash is the one that was written")


def _safety_net(_: "Settings") -> Check:
    from bot.safety import hearing, learnt
    from ingest.adapter import ADAPTER

    learnt.probabilities("")
    hearing.check_files()
    files = (Path(learnt.__file__).with_name(learnt.FILE), hearing.FITTED / hearing.HEAD, hearing.FITTED / ADAPTER)
    return Check("safety net", True, f"can be read: {', '.join(map(_named, files))}")


def _tuning(settings: "Settings") -> Check:
    """Reading them is the check; each says itself what to do."""
    from bot.answerability import calibration
    from bot.opening import weights_for
    from bot.safety.meaning import Meaning
    from bot.spelling import words_of_tuning
    from bot.suggestions import Suggester
    from ingest.experience import read_experience

    folder = weights_for(settings).tuning
    fitted = calibration(folder)
    if folder is None:
        return Check("fitted numbers", True, f"answerability of the base weights can be read, fitted {fitted.fitted}")
    read_experience(folder)
    Meaning.from_tuning(folder)
    words_of_tuning(folder)
    Suggester.from_tuning(folder)
    files = ", ".join(_named(file) for file in sorted(folder.iterdir()))
    return Check("fitted numbers", True, f"can be read, fitted {fitted.fitted}: {files}")


def _judge(settings: "Settings") -> Check:
    """It is loaded only where it would be used: that takes seconds."""
    from bot.faithful.judge import FITTED, WEIGHTS, Judge, check_files
    from bot.opening import weights_for

    check_files(FITTED)
    if settings.chat_model:
        Judge.from_folder(FITTED, weights_for(settings).location)
    used = "in use" if settings.chat_model else "not used without a language model"
    return Check("check of written sentences", True, f"can be read, {used}, {_named(FITTED / WEIGHTS)}")


def _named(file: Path) -> str:
    return f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"


def _language_model(settings: "Settings") -> Check:
    if not settings.chat_model:
        return Check(
            "language model", True, "none is configured; answers are the article's own words and nothing leaves this machine"
        )
    from bot.language_model import LanguageModel

    model = LanguageModel.from_setting(settings.chat_model)
    where = "on another machine: questions leave this one" if model.leaves_this_machine else "on this machine"
    if problem := model.unreachable():
        return Check(
            "language model",
            False,
            f"{settings.chat_model}, {where}, does not answer ({problem}): start it, or unset CANCER_BOT_CHAT_MODEL",
        )
    return Check("language model", True, f"{settings.chat_model}, {where}, answers")


_CHECKS: "dict[str, Callable[[Settings], Check]]" = {
    "embedding model": _weights,
    "sources": _sources,
    "index": _index,
    "query encoder": _query_encoder,
    "safety net": _safety_net,
    "fitted numbers": _tuning,
    "check of written sentences": _judge,
    "language model": _language_model,
}
