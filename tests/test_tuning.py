"""The question bank: what is malformed is refused by line; a small bank tunes a real encoder in a real run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.answerability import calibration, judge
from bot.fitting import Fit, held_out, standing_alone, topic_changes
from bot.opening import open_bot, weights_for
from bot.settings import Settings, packaged_docs
from bot.spelling import words_of_tuning
from bot.suggestions import Suggester
from ingest.adapter import read_tuning_manifest, tuned_folder
from ingest.bank import BankQuestion, bank_path, read_bank
from ingest.documents import Document
from ingest.embeddings import SentenceTransformerEmbeddings
from ingest.errors import ModelError, SourceError
from ingest.passages import cut
from ingest.tuning import Recipe
from ingest.weights import find_weights
from tests.conftest import ARTICLE, ROOT

BANK = bank_path(packaged_docs() / ARTICLE)
RFA = "The tip of the needle is put into the tumor."

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def lines(*raw: object) -> Path:
        path = tmp_path / "bank.jsonl"
        path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in raw))
        return path

    return lines


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ({"question": ""}, "question"),
        ({"question": "x"}, "evidence"),
        ({"question": "x", "evidence": ["Not in it."]}, "'Not in it.'"),
        ({"question": "x", "evidence": [""]}, "''"),
        ({"question": "x", "evidence": [], "colour": 1}, "colour"),
        ({"question": "WHERE  goes the tip?", "evidence": []}, "line 1 already"),
    ],
)
def test_a_malformed_line_is_named(write: Write, article: Document, line: object, said: str) -> None:
    path = write({"question": "Where goes the tip?", "evidence": [RFA]}, line)
    with pytest.raises(SourceError, match="line 2") as caught:
        read_bank(path, article, cut(article))
    assert said in str(caught.value)


def test_evidence_stands_for_every_sentence_that_it_touches(write: Write, article: Document) -> None:
    joined = "(The patient is given drugs to sleep while this is done.) The doctor may be able to stop bleeding"
    path = write({"question": "x?", "evidence": [joined]}, {"question": "y?", "evidence": []})
    asleep, nothing = read_bank(path, article, cut(article))
    assert (len(asleep.targets), nothing.targets) == (2, ())


def test_questions_about_the_article_itself_are_left_out(write: Write, article: Document) -> None:
    path = write({"question": "When?", "evidence": ["Last Revised: December 16, 2016"]}, {"question": "y?", "evidence": []})
    assert [q.question for q in read_bank(path, article, cut(article))] == ["y?"]


def test_another_hands_questions_are_held_out_where_the_bank_names_hands() -> None:
    """In two turns of about the same size; never those of one who wrote most of the bank, never those of one who wrote few."""
    first = [BankQuestion(f"a{n}", (), by="first") for n in range(300)]
    second = [BankQuestion(f"b{n}", (), by="second") for n in range(1200)]
    third = [BankQuestion(f"c{n}", (), by="third") for n in range(250)]
    fourth = [BankQuestion(f"e{n}", (), by="fourth") for n in range(240)]
    few = [BankQuestion(f"f{n}", (), by="few") for n in range(100)]
    assert held_out(first + second + few) == [set(first)]
    assert held_out(third + first + second + fourth) == [set(first), {*third, *fourth}]
    nameless = [BankQuestion(f"d{n}", ()) for n in range(100)]
    assert [len(part) for part in held_out(nameless)] == [20]


def test_a_follow_up_of_the_bank_is_learnt_as_it_will_be_asked(write: Write, article: Document) -> None:
    """With what it takes from the earlier questions, and after them; the same words after others are another question."""
    path = write(
        {"question": "Where goes its tip?", "evidence": [RFA], "previous": ["What is RFA?"]},
        {"question": "Where goes its tip?", "evidence": [], "previous": ["What is a catheter?"]},
    )
    asked = standing_alone(read_bank(path, article, cut(article)), article)
    assert [q.question for q in asked] == [
        "Where goes RFA tip?",
        "What is RFA? / Where goes its tip?",
        "Where goes catheter tip?",
        "What is a catheter? / Where goes its tip?",
    ]


def test_questions_after_others_keep_their_own_answer() -> None:
    """The same at every run; the last line asks, and what it is answered with does not change."""
    alone = [BankQuestion(f"What is {n}?", (n % 5,)) for n in range(50)] + [BankQuestion(f"Why {n}?", ()) for n in range(50)]
    changes = topic_changes([*alone, BankQuestion("and it?", (1,), previous=("What is 1?",))], seed=0)
    assert changes == topic_changes([*alone, BankQuestion("and it?", (1,), previous=("What is 1?",))], seed=0)
    answers = {one.question: one.targets for one in alone}
    assert len(changes) == len(alone)
    assert all(answers[one.question.split(" / ")[-1]] == one.targets for one in changes)
    assert any(" / " in one.question for one in changes)


def questions_of(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (ROOT / "tests/questions" / name).read_text(encoding="utf-8").splitlines()]


def test_the_bank_has_the_size_it_should(article: Document) -> None:
    """At least 4,000 questions, 25 for each sentence that states something on average, and 1,500 near-misses."""
    bank = read_bank(BANK, article, cut(article))
    answerable = [q for q in bank if q.targets]
    assert len(bank) >= 4000
    assert len(bank) - len(answerable) >= 1500
    assert len(answerable) / len({q.targets[0] for q in answerable}) >= 25


@pytest.mark.parametrize(
    "name",
    ["first", "dev", "follow-dev", "follow-dev-2", "follow-test", "test", "fresh", "search-and-mail"],
)
def test_no_question_is_in_the_bank_and_in_a_question_set(article: Document, name: str) -> None:
    """What tunes and what scores are apart, not only to the letter."""
    from rapidfuzz import fuzz, process

    def plain(question: str) -> str:
        return " ".join("".join(c if c.isalnum() else " " for c in question.lower()).split())

    bank = [plain(" ".join((*q.previous, q.question))) for q in read_bank(BANK, article, cut(article))]
    asked = [plain(" ".join(line["turns"])) for line in questions_of(f"{name}.jsonl")]
    assert not set(asked).intersection(bank)
    long = [question for question in asked if len(question.split()) >= 4]
    scores = process.cdist(long, bank, scorer=fuzz.ratio, score_cutoff=88, workers=2)
    assert not [long[row] for row in range(len(long)) if scores[row].any()]


def test_the_shipped_tuning_belongs_to_the_shipped_bank_and_article(article: Document) -> None:
    import hashlib

    folder = tuned_folder(packaged_docs() / ARTICLE)
    manifest = read_tuning_manifest(folder)
    assert manifest.bank_sha256 == hashlib.sha256(BANK.read_bytes()).hexdigest() == calibration(folder).data_sha256
    assert manifest.document_sha256 == article.sha256
    assert manifest.base_sha256 == find_weights().sha256()


def test_the_tuned_encoder_serves_its_own_document_alone(docs_folder: Path) -> None:
    """With another document beside it the base weights serve both."""
    assert weights_for(Settings(docs=docs_folder)).tuning == docs_folder / "treating-advanced-cancer.tuned"
    (docs_folder / "more.md").write_text("# More\n\nAn extra text.")
    assert weights_for(Settings(docs=docs_folder)).tuning is None


def test_a_tuning_that_is_damaged_is_one_clear_error(docs_folder: Path) -> None:
    (docs_folder / "treating-advanced-cancer.tuned" / "manifest.json").write_text("{}")
    with pytest.raises(ModelError, match="run cancer-bot tune"):
        weights_for(Settings(docs=docs_folder))


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors", "suggestions.json", "words.json"])
@pytest.mark.parametrize("content", [b"", b"{}", b"[1]"])
def test_each_damaged_file_of_a_tuning_is_one_clear_error(docs_folder: Path, name: str, content: bytes) -> None:
    folder = tuned_folder(docs_folder / ARTICLE)
    (folder / name).write_bytes(content)
    reads = {"suggestions.json": Suggester.from_tuning, "words.json": words_of_tuning}
    weights = weights_for(Settings(docs=docs_folder))
    with pytest.raises(ModelError, match="run cancer-bot tune"):
        reads[name](folder) if name in reads else SentenceTransformerEmbeddings(weights).model


def test_a_small_bank_tunes_fits_and_is_used(docs_folder: Path, tmp_path: Path) -> None:
    """The whole road on some lines of the bank, for one epoch: what comes out is loaded and answers."""
    lines = [json.loads(line) for line in BANK.read_text(encoding="utf-8").splitlines()]
    small = tmp_path / "small.jsonl"
    some = [line for line in lines if line["evidence"]][::80] + [line for line in lines if not line["evidence"]][::80]
    small.write_text("\n".join(json.dumps(line) for line in some))
    source = docs_folder / ARTICLE
    seen: list[tuple[str, int, int]] = []
    fit = Fit(source, small, find_weights(), Recipe(epochs=1, batch=64), lambda *progress: seen.append(progress))
    manifest = fit.run(tuned_folder(source))
    assert str(Path(find_weights().location)) not in (tuned_folder(source) / "adapter_config.json").read_text()
    assert 0.5 < manifest.figures["answerability AUROC"] <= 1
    assert {what for what, _, _ in seen} >= {"Tuning without part 1 of 1", "Tuning on the whole bank", "Asking part 1 of 1"}
    bot = open_bot(Settings(docs=docs_folder, index=tmp_path / "index"))
    try:
        found, judgement = bot.look_up("What is radiofrequency ablation?")
        assert found.neighbours is not None
        assert judgement == judge(found, calibration(tuned_folder(source)))
        assert bot.retriever.passage(found.candidates[0]).section.title.startswith("Ablative")
    finally:
        bot.close()
