"""From the settings to a bot that is ready to be asked."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from bot.answerability import calibration
from bot.chain import Bot
from bot.faithful.check import Checker
from bot.faithful.judge import FITTED, Judge
from bot.language_model import LanguageModel
from bot.plainer import PlainWords
from bot.privacy import keep_to_this_machine
from bot.retrieval import Retriever
from bot.rewriting import Rewriter
from bot.safety.hearing import Hearing
from bot.safety.meaning import Meaning
from bot.settings import Settings
from bot.spelling import VOCABULARY, Speller, words_of_tuning
from bot.suggestions import Suggester
from bot.tracing import Tracing
from bot.writer import Writer
from ingest.words import words

if TYPE_CHECKING:
    from ingest.documents import Document
    from ingest.index import Index, Progress, Say
    from ingest.weights import Weights


# The compiled encoder is compared on the passages of so many documents.
FEW_DOCUMENTS = 50


def open_bot(
    settings: Settings, *, progress: "Progress | None" = None, say: "Say | None" = None, before: Bot | None = None
) -> Bot:
    """A bot over the index that matches the settings' sources, which is built first where it has to be.

    The encoder is loaded by the first question that needs it: small talk and bad input are answered at once. `before`: a bot
    that this one takes over from; its encoder is used again where it is still the right one, and nothing is built.
    Raises `CancerBotError` with one line for a person.
    """
    keep_to_this_machine()
    from ingest.compiled import query_embeddings
    from ingest.experience import read_experience
    from ingest.index import open_index

    weights = weights_for(settings)
    model = LanguageModel.from_setting(settings.chat_model) if settings.chat_model else None
    index = open_index(settings.docs, settings.place, weights, progress=progress, say=say, build=before is None)
    experience = read_experience(weights.tuning) if weights.tuning else None
    if before and before.retriever.index.manifest.model.sha256 == index.manifest.model.sha256:
        embeddings = before.retriever.embeddings
    else:
        embeddings = query_embeddings(settings.index, weights, lambda: compared_texts(index.documents.values()))
    retriever = Retriever(index, embeddings, experience)
    return Bot(
        retriever,
        calibration(weights.tuning),
        _speller(index, weights),
        Suggester.from_tuning(weights.tuning),
        Meaning.from_tuning(weights.tuning),
        before.hearing if before else Hearing(settings.index),
        _plain_words(model, weights) if model else None,
        region=settings.region,
        rewriter=Rewriter(model) if model else None,
        tracing=Tracing.from_settings(settings),
    )


def compared_texts(documents: "Iterable[Document]") -> list[str]:
    """What the compiled encoder is compared on: the passages of the first documents."""
    from ingest.passages import cut

    return [passage.text for document in islice(documents, FEW_DOCUMENTS) for passage in cut(document)]


def _plain_words(model: LanguageModel, weights: "Weights") -> PlainWords:
    """The language model as a writer, with its check."""
    return PlainWords(Writer(model), Checker.from_judge(Judge.from_folder(FITTED, weights.location)))


def weights_for(settings: Settings) -> "Weights":
    """The encoder that the settings and the sources ask for: tuned where the one source has been tuned for."""
    from ingest.documents import source_paths
    from ingest.weights import find_weights, with_tuning

    return with_tuning(find_weights(settings.embedding_model), source_paths(settings.docs))


def _speller(index: "Index", weights: "Weights") -> Speller:
    """Corrects to the words of the sources and of the bank; not at all where the language's words are not known."""
    subject = {word for document in index.documents.values() for word in words(document.text)}
    subject.update(words_of_tuning(weights.tuning))
    vocabulary = Path(weights.location) / VOCABULARY
    return Speller(subject, vocabulary if vocabulary.is_file() else None)
