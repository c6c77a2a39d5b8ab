"""Question bank → tuned encoder and fitted answerability, measured on a part that was held out, as one folder."""

import datetime
import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.answerability import FILE, Band, Calibration, Weighted, judge, signals
from bot.retrieval import Found, Retriever
from bot.spelling import FILE as WORDS
from bot.spelling import VOCABULARY, bank_words
from bot.suggestions import FILE as SUGGESTIONS
from bot.suggestions import well_formed
from bot.words import words
from ingest.adapter import MANIFEST, TuningManifest, tuned_folder
from ingest.bank import BankQuestion, answer_sentences, read_bank
from ingest.documents import Document, read_document
from ingest.embeddings import SentenceTransformerEmbeddings
from ingest.experience import Experience, read_experience, write_experience
from ingest.general import general_questions, general_texts
from ingest.index import Index, ingest
from ingest.manifest import read_manifest
from ingest.passages import cut
from ingest.store import embedded_text
from ingest.tuning import Recipe, save, tune
from ingest.weights import Weights

# Where the bank names no hands, one question in so many is held out.
EVERY = 5

# A hand's questions are enough to measure on from so many on.
ENOUGH = 200

# Questions on any other subject that stand in among those that the document does not answer.
OTHER_SUBJECTS = 120

# Share of the answerable questions of the bank that the threshold lets through, in cross-validation.
ANSWERED_SHARE = 0.955

# Of those below the threshold, this probable ones get to see what comes nearest.
NEAR_PROBABILITY = 0.1

# Share of the bank's questions on the subject that are recognised as such.
ON_TOPIC_SHARE = 0.98

# Near-misses of this kind have nothing to do with the document.
OFF_SUBJECT = "off-topic"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Judged:
    """A question of the bank as an encoder found it that had not seen it."""

    question: BankQuestion
    found: Found
    values: dict[str, float]


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
        questions = read_bank(self.bank, document, cut(document))
        with tempfile.TemporaryDirectory() as scratch:
            judged = self._held_out(document, questions, Path(scratch))
            calibration = fit_calibration(judged, _sha256(self.bank))
            folder = Path(scratch) / "whole"
            self._tune(document, questions, folder, "Tuning on the whole bank")
            (folder / FILE).write_text(calibration.model_dump_json(indent=2) + "\n", encoding="utf-8")
            (folder / SUGGESTIONS).write_text(self._suggestions(document, questions, folder, calibration), encoding="utf-8")
            manifest = self._manifest(document, questions, figures(judged, calibration))
            (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
            _replace(folder, out)
        return manifest

    def _held_out(self, document: Document, questions: Sequence[BankQuestion], scratch: Path) -> list[Judged]:
        """Tune on one part of the bank and look up the other, through a real index of the tuned vectors."""
        part = held_out(questions)
        folder = scratch / "part"
        self._tune(document, [q for q in questions if q not in part], folder, "Tuning on a part of the bank")
        asked = [*sorted(part, key=lambda q: q.question), *(BankQuestion(q, (), OFF_SUBJECT) for q in general_questions())]
        return self._asked(document, asked, folder, "Asking the other part")

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
        readable = [q for q in questions if q.targets and well_formed(q.question)]
        sentences = [s for _, s in answer_sentences(cut(document))]
        best: dict[int, tuple[float, str]] = {}
        for one in self._asked(document, readable, folder, "Checking suggestions"):
            judgement = judge(one.found, fitted)
            if judgement.band is Band.ANSWERED and _right(one)[0]:
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
            questions,
            general_texts(),
            self.recipe,
            progress=lambda done, of: self.progress(what, done, of),
        )
        save(tuned, folder)
        vectors = SentenceTransformerEmbeddings(replace(self.weights, tuning=folder)).embed_documents(
            [q.question for q in questions]
        )
        known = bank_words([q.question for q in questions], words(document.text), Path(self.weights.location) / VOCABULARY)
        (folder / WORDS).write_text("\n".join(known) + "\n", encoding="utf-8")
        answered = np.array([bool(q.targets) for q in questions])
        null_vector = tuned.null_vector.numpy()
        write_experience(folder, Experience(null_vector, tuned.null_bias, np.array(vectors, dtype=np.float32), answered))

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


def fit_calibration(judged: Sequence[Judged], data_sha256: str) -> Calibration:
    """Fit both logistic regressions and choose the thresholds."""
    import numpy as np

    topic = _logistic(judged, [one.question.kind != OFF_SUBJECT for one in judged])
    on_topic = np.array([one.question.kind != OFF_SUBJECT for one in judged])
    topical = np.array([topic.probability(one.values) for one in judged])
    on_subject = [one for one, is_on in zip(judged, on_topic, strict=True) if is_on]
    judged = on_subject + [one for one in judged if one.question.kind == OFF_SUBJECT][:OTHER_SUBJECTS]
    answerable = np.array([bool(one.question.targets) for one in judged])
    answers = _logistic(judged, answerable.tolist())
    probabilities = np.array([answers.probability(one.values) for one in judged])
    return Calibration(
        answers=answers,
        topic=topic,
        answered=float(np.quantile(probabilities[answerable], 1 - ANSWERED_SHARE)),
        near=NEAR_PROBABILITY,
        on_topic=float(np.quantile(topical[on_topic], 1 - ON_TOPIC_SHARE)),
        fitted=datetime.datetime.now(datetime.UTC).date().isoformat(),
        data_sha256=data_sha256,
        curve=tuple(
            (float(t), float((probabilities[answerable] >= t).mean()), float((probabilities[~answerable] < t).mean()))
            for t in np.linspace(0.02, 0.98, 49)
        ),
    )


def _logistic(judged: Sequence[Judged], labels: Sequence[bool]) -> Weighted:
    """Fit on standardised signals, then fold the scaling into the weights."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    names = list(judged[0].values)
    matrix = np.array([[one.values[name] for name in names] for one in judged])
    scaler = StandardScaler().fit(matrix)
    model = LogisticRegression(C=1.0, max_iter=2000).fit(scaler.transform(matrix), labels)
    weights = model.coef_[0] / scaler.scale_
    intercept = float(model.intercept_[0] - (weights * scaler.mean_).sum())
    return Weighted(intercept=intercept, weights={name: float(w) for name, w in zip(names, weights, strict=True)})


def figures(judged: Sequence[Judged], calibration: Calibration) -> dict[str, float]:
    """What was measured: each question was judged by an encoder that had not seen it."""
    import numpy as np
    from sklearn.metrics import roc_auc_score

    judged = [one for one in judged if one.question.kind != OFF_SUBJECT]
    answerable = np.array([bool(one.question.targets) for one in judged])
    probabilities = np.array([calibration.answers.probability(one.values) for one in judged])
    passed = probabilities >= calibration.answered
    right = [_right(one) for one in judged if one.question.targets]
    return {
        "right sentence first": float(np.mean([sentence for sentence, _ in right])),
        "right passage first": float(np.mean([passage for _, passage in right])),
        "answerability AUROC": float(roc_auc_score(answerable, probabilities)),
        "answerable answered": float(passed[answerable].mean()),
        "near-misses silent": float((~passed[~answerable]).mean()),
    }


def _right(one: Judged) -> tuple[bool, bool]:
    """Whether the best candidate is one of the sentences that answer, and whether it stands in the passage of one."""
    document = one.found.candidates[0].document
    sentences = answer_sentences(cut(document))
    best = one.found.candidates[0]
    passage = cut(document)[best.passage]
    targets = [sentences[target] for target in one.question.targets]
    return (
        passage.sentences[best.sentence].start in [s.start for _, s in targets],
        passage.start in [p.start for p, _ in targets],
    )


def held_out(questions: Sequence[BankQuestion]) -> set[BankQuestion]:
    """The questions of the smallest hand that wrote enough of them; one in EVERY where the bank names no hands."""
    hands = Counter(q.by for q in questions if q.by)
    enough = [hand for hand, count in hands.items() if ENOUGH <= count < len(questions) / 2]
    if enough:
        smallest = min(enough, key=lambda hand: hands[hand])
        return {q for q in questions if q.by == smallest}
    order = sorted(questions, key=lambda q: hashlib.sha256(q.question.encode()).hexdigest())
    return set(order[::EVERY])


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
