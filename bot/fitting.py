"""Question bank → tuned encoder and fitted answerability, measured on a part that was held out, as one folder."""

import datetime
import hashlib
import json
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.answerability import FILE, Band, Calibration, judge, signals
from bot.calibrating import OFF_SUBJECT, Judged, figures, fit_calibration, right
from bot.coherence import is_pointer
from bot.conversation import in_context, standalone
from bot.retrieval import Retriever
from bot.safety.fitting import fit_meaning
from bot.spelling import FILE as WORDS
from bot.spelling import VOCABULARY, bank_words
from bot.suggestions import FILE as SUGGESTIONS
from bot.suggestions import well_formed
from ingest.adapter import MANIFEST, TuningManifest, tuned_folder
from ingest.bank import FALSE_PREMISE, BankQuestion, answer_sentences, read_bank
from ingest.documents import Document, read_document
from ingest.embeddings import SentenceTransformerEmbeddings
from ingest.experience import Experience, evidence_rows, read_experience, write_experience
from ingest.general import general_questions, general_texts
from ingest.index import Index, ingest
from ingest.manifest import read_manifest
from ingest.passages import cut
from ingest.store import embedded_text
from ingest.tuning import Recipe, save, tune
from ingest.weights import Weights
from ingest.words import stems, words

# Where the bank names no hands, one question in so many is held out.
EVERY = 5

# A hand's questions are enough to measure on from so many on.
ENOUGH = 200

# The hands are held out in so many turns, some in each: a turn for each hand would take hours.
TURNS = 2

# So many questions, each of at most so many characters, are learnt after others; this share after such with the same answer.
TOPIC_CHANGES = 1800
SHORT = 160
SAME_TOPIC = 0.4

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Fit:
    """The document, its bank and the base weights that a fit starts from."""

    source: Path
    bank: Path
    weights: Weights
    recipe: Recipe
    progress: Progress

    def run(self, out: Path) -> TuningManifest:
        """Measure and fit on a held-out part, tune on the whole bank, and put the result in place of `out` in one step."""
        document = read_document(self.source, name=self.source.name)
        questions = standing_alone(read_bank(self.bank, document, cut(document)), document)
        with tempfile.TemporaryDirectory() as scratch:
            judged = self._held_out(document, questions, Path(scratch))
            calibration = fit_calibration(judged, _sha256(self.bank))
            folder = Path(scratch) / "whole"
            self._tune(document, questions, folder, "Tuning on the whole bank")
            fit_meaning(SentenceTransformerEmbeddings(replace(self.weights, tuning=folder)), self.bank, folder)
            (folder / FILE).write_text(calibration.model_dump_json(indent=2) + "\n", encoding="utf-8")
            (folder / SUGGESTIONS).write_text(self._suggestions(document, questions, folder, calibration), encoding="utf-8")
            manifest = self._manifest(document, questions, figures(judged, calibration))
            (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
            _replace(folder, out)
        return manifest

    def _held_out(self, document: Document, questions: Sequence[BankQuestion], scratch: Path) -> list[Judged]:
        """Each part of the bank, looked up through a real index by an encoder that was tuned on the rest."""
        parts = held_out(questions)
        general = sorted(general_questions())
        judged = []
        for number, part in enumerate(parts, 1):
            folder = scratch / f"part-{number}"
            which = f"part {number} of {len(parts)}"
            self._tune(document, [q for q in questions if q not in part], folder, f"Tuning without {which}")
            others = [BankQuestion(question, (), OFF_SUBJECT) for question in general[number - 1 :: len(parts)]]
            asked = [*sorted(part, key=lambda q: q.question), *others]
            judged += self._asked(document, asked, folder, f"Asking {which}")
        return judged

    def _asked(self, document: Document, asked: Sequence[BankQuestion], folder: Path, what: str) -> list[Judged]:
        """Look up questions as the program does, through a real index of the vectors that a tuning makes."""
        weights = replace(self.weights, tuning=folder)
        with tempfile.TemporaryDirectory() as scratch:
            index_folder = Path(scratch) / "index"
            ingest(_alone(document, self.source, Path(scratch) / "docs"), index_folder, weights)
            manifest = read_manifest(index_folder)
            assert manifest
            with Index([document], manifest, index_folder) as index:
                retriever = Retriever(index, SentenceTransformerEmbeddings(weights), read_experience(folder))
                judged = []
                for number, question in enumerate(asked, 1):
                    found = retriever.search(question.question)
                    judged.append(Judged(question, found, signals(found)))
                    self.progress(what, number, len(asked))
                return judged

    def _suggestions(self, document: Document, questions: Sequence[BankQuestion], folder: Path, fitted: Calibration) -> str:
        """For each sentence the clearest of the bank's questions that read well and that the program answers with it."""
        sentences = [s for _, s in answer_sentences(cut(document))]
        fit = [q for q in questions if q.targets and q.kind != FALSE_PREMISE and not is_pointer(sentences[q.targets[0]].text)]
        readable = [q for q in fit if not q.previous and well_formed(q.question)]
        best: dict[int, tuple[float, str]] = {}
        for one in self._asked(document, readable, folder, "Checking suggestions"):
            judgement = judge(one.found, fitted)
            if judgement.band is Band.ANSWERED and right(one)[0]:
                start = sentences[one.question.targets[0]].start
                best[start] = max(best.get(start, (0.0, "")), (judgement.probability, one.question.question))
        lines = [{"question": question, "start": start} for start, (_, question) in sorted(best.items())]
        return json.dumps(lines, ensure_ascii=False, indent=1) + "\n"

    def _tune(self, document: Document, questions: Sequence[BankQuestion], folder: Path, what: str) -> None:
        import numpy as np

        folder.mkdir()
        sentences = [embedded_text(passage.section, s.text) for passage, s in answer_sentences(cut(document))]
        tuned = tune(
            self.weights,
            sentences,
            [*questions, *topic_changes(questions, self.recipe.seed)],
            general_texts(),
            self.recipe,
            progress=lambda done, of: self.progress(what, done, of),
        )
        save(tuned.model, folder)
        vectors = SentenceTransformerEmbeddings(replace(self.weights, tuning=folder)).embed_documents(
            [q.question for q in questions]
        )
        known = bank_words([q.question for q in questions], words(document.text), Path(self.weights.location) / VOCABULARY)
        (folder / WORDS).write_text(json.dumps(known, indent=0) + "\n", encoding="utf-8")
        evidence = evidence_rows([q.targets for q in questions])
        premise = np.array([bool(q.targets) and q.kind == FALSE_PREMISE for q in questions])
        null_vector = tuned.null_vector.numpy()
        write_experience(folder, Experience(null_vector, tuned.null_bias, np.array(vectors, dtype=np.float32), evidence, premise))

    def _manifest(self, document: Document, questions: Sequence[BankQuestion], reached: dict[str, float]) -> TuningManifest:
        return TuningManifest(
            base_sha256=self.weights.sha256(),
            bank_sha256=_sha256(self.bank),
            document_sha256=document.sha256,
            seed=self.recipe.seed,
            epochs=self.recipe.epochs,
            rank=self.recipe.rank,
            questions=sum(bool(q.targets) for q in questions),
            near_misses=sum(not q.targets for q in questions),
            created=datetime.datetime.now(datetime.UTC).date().isoformat(),
            figures=reached,
        )


def standing_alone(questions: Sequence[BankQuestion], document: Document) -> tuple[BankQuestion, ...]:
    """The questions as the encoder gets to see them: follow-ups with what they take from the earlier lines, and after those."""
    vocabulary = set(stems(document.text))

    def known(word: str) -> bool:
        return not vocabulary.isdisjoint(stems(word))

    def forms(one: BankQuestion) -> list[str]:
        ruled = standalone(one.question, one.previous, known).question
        return list(dict.fromkeys((ruled, in_context(one.question, one.previous)))) if one.previous else [ruled]

    return tuple(replace(one, question=form) for one in questions for form in forms(one))


def topic_changes(questions: Sequence[BankQuestion], seed: int) -> list[BankQuestion]:
    """Questions that stand alone after others that they have nothing to do with: the last line is the one that asks.

    Half of them after questions of another answer, half after questions with the same one, as people ask on.
    """
    pick = random.Random(seed)  # noqa: S311 (the order of training, not a secret)
    alone = [one for one in questions if not one.previous and len(one.question) <= SHORT]
    alike: dict[int, list[BankQuestion]] = {}
    for one in alone:
        if one.targets:
            alike.setdefault(one.targets[0], []).append(one)
    changes = []
    for last in pick.sample(alone, min(TOPIC_CHANGES, len(alone))):
        among = alike[last.targets[0]] if last.targets and pick.random() < SAME_TOPIC else alone
        before = [one.question for one in pick.sample(among, min(pick.choice((1, 2)), len(among))) if one is not last]
        changes.append(replace(last, question=in_context(last.question, before)))
    return changes


def held_out(questions: Sequence[BankQuestion]) -> list[set[BankQuestion]]:
    """What is held out in turn: hands that wrote enough, but less than a third; one in EVERY where the bank names no hands."""
    hands = Counter(q.by for q in questions if q.by)
    enough = {hand: count for hand, count in sorted(hands.items()) if ENOUGH <= count < len(questions) / 3}
    if enough:
        return [{q for q in questions if q.by in turn} for turn in _turns(enough)]
    order = sorted(questions, key=lambda q: hashlib.sha256(q.question.encode()).hexdigest())
    return [set(order[::EVERY])]


def _turns(hands: Mapping[str, int]) -> list[set[str]]:
    """The hands in turns that hold about as many questions: the one who wrote most first, each to the turn that has least."""
    turns: list[set[str]] = [set() for _ in range(min(TURNS, len(hands)))]
    for hand in sorted(hands, key=lambda hand: -hands[hand]):
        min(turns, key=lambda turn: sum(hands[other] for other in turn)).add(hand)
    return turns


def _alone(document: Document, source: Path, folder: Path) -> Path:
    """A folder with just this document and its sidecar."""
    folder.mkdir(exist_ok=True)
    (folder / document.name).write_bytes(source.read_bytes())
    sidecar = source.with_suffix(".toml")
    if sidecar.exists():
        shutil.copy(sidecar, folder)
    return folder


def _replace(folder: Path, out: Path) -> None:
    """Move the finished folder where the old one was; the old one goes only when the new one is there."""
    out.parent.mkdir(parents=True, exist_ok=True)
    aside, old = out.with_name(out.name + ".new"), out.with_name(out.name + ".old")
    for stray in (aside, old):
        shutil.rmtree(stray, ignore_errors=True)
    shutil.copytree(folder, aside)
    if out.exists():
        out.rename(old)
    aside.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def default_out(source: Path) -> Path:
    """Where the result belongs so that the program finds it."""
    return tuned_folder(source)
