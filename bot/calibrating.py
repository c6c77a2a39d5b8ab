"""Fits the numbers of answerability on questions that an encoder was asked without having seen them."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from bot.answerability import Calibration, Weighted
from bot.retrieval import Found
from ingest.bank import BankQuestion, answer_sentences
from ingest.passages import cut

# Questions on any other subject that stand in among those that the document does not answer.
OTHER_SUBJECTS = 120

# Share of the answerable questions of the bank that the threshold lets through, in cross-validation. With all of the bank learnt
# the encoder is surer: 0.95 of the development set pass there.
ANSWERED_SHARE = 0.88

# Of those below the threshold, this probable ones get to see what comes nearest.
NEAR_PROBABILITY = 0.1

# Share of the bank's questions on the subject that are recognised as such.
ON_TOPIC_SHARE = 0.94

# Near-misses of this kind have nothing to do with the document.
OFF_SUBJECT = "off-topic"


@dataclass(frozen=True)
class Judged:
    """A question of the bank as an encoder found it that had not seen it."""

    question: BankQuestion
    found: Found
    values: dict[str, float]


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
    firsts = [right(one) for one in judged if one.question.targets]
    return {
        "right sentence first": float(np.mean([sentence for sentence, _ in firsts])),
        "right passage first": float(np.mean([passage for _, passage in firsts])),
        "answerability AUROC": float(roc_auc_score(answerable, probabilities)),
        "answerable answered": float(passed[answerable].mean()),
        "near-misses silent": float((~passed[~answerable]).mean()),
    }


def right(one: Judged) -> tuple[bool, bool]:
    """Whether the best candidate is one of the sentences that answer, and whether it stands in the passage of one."""
    best = one.found.candidates[0]
    passages = cut(best.document)
    sentences, passage = answer_sentences(passages), passages[best.passage]
    targets = [sentences[target] for target in one.question.targets]
    return (
        passage.sentences[best.sentence].start in [s.start for _, s in targets],
        passage.start in [p.start for p, _ in targets],
    )
