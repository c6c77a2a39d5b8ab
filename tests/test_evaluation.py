"""A question set in, a scoreboard out: what is read, how it is counted, what is written."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.embeddings import Embeddings

from bot.baselines import baselines
from bot.chain import Bot
from bot.evaluation import Evaluation, EvaluationError, check_targets, evaluate, read_plan, write_json
from bot.figures import NOTHING, Figure, auroc, mean, median, rate
from bot.gates import read_gates
from bot.question_set import Question, default_path, read_questions
from bot.reply import Outcome, Reply
from bot.report import page, write_report
from bot.results import Asked, Gold, Result
from bot.scoreboard import scoreboard
from bot.scores import MEASURES, coverage_curve, own_grade, point_at, reading_grade, score
from bot.testbed import TestBed, find_all, read_testbed
from ingest.errors import SourceError

AWAKE = "RFA is usually done while the patient is under general anesthesia (deeply asleep and not able to feel pain)."
PALLIATIVE = "This is called palliative radiation."
REVISED = "Last Revised: December 16, 2016"
SCRIPT = "<script>alert('http://example.org/x.js')</script>"


def line(
    id: str, *turns: str, expect: str | list[str] = "answered", evidence: Sequence[str] = (), tags: Sequence[str] = ()
) -> str:
    return json.dumps({"id": id, "turns": turns, "expect": expect, "evidence": evidence, "tags": tags})


# Small, and with something of every sort: right and wrong, answered by rule, not a question, evidence that is nowhere.
SET = (
    line("rfa", "How does RFA work?", "Is the patient awake during it?", evidence=[AWAKE], tags=["follow-up"]),
    line("rfa-alone", "Is the patient awake during RFA?", evidence=[AWAKE], tags=["standalone-pair"]),
    line("palliative", "What is palliative radiation?", evidence=[PALLIATIVE], tags=["direct"]),
    line("revised", "When was this page last revised?", evidence=[REVISED], tags=["about-the-article"]),
    line("football", "Who won the football world cup?", expect="not_in_article", tags=["off-topic"]),
    line("script", f"Who won {SCRIPT} in 1998?", evidence=[PALLIATIVE], tags=["<b>$\\frac$</b>", "direct"]),
    line("either", "Should I have RFA?", expect=["answered", "not_in_article"], evidence=[AWAKE], tags=["personal"]),
    line("hello", "Hello!", expect="conversation"),
    line("empty", "", expect="invalid"),
    line("nowhere", "What is chemotherapy?", evidence=["This sentence stands in no source."]),
)
GATES = """
[[gate]]
slice = "direct"
measure = "right_passage_first"
minimum = 0.5

[[gate]]
slice = "all"
measure = "reading_grade_own"
maximum = 8
"""


def write_set(folder: Path, *lines: str, gates: str = "") -> Path:
    path = folder / "small.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if gates:
        (folder / "small.gates.toml").write_text(gates, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def evaluation(bot: Bot, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return evaluate(bot, read_plan(write_set(tmp_path_factory.mktemp("set"), *SET, gates=GATES)))


def result_of(evaluation: Evaluation, id: str) -> Result:
    return next(result for result in evaluation.results if result.question.id == id)


class TestReading:
    def test_a_set_is_read_with_the_fields_of_other_makers_left_aside(self, tmp_path: Path) -> None:
        other = '{"id": "a", "turns": ["Why?"], "expect": "answered", "evidence": [], "tags": ["x", "x"], "english": "Why?"}'
        read = read_questions(write_set(tmp_path, other, "", line("b", "x", expect=["crisis", "emergency"])))
        assert [question.id for question in read.questions] == ["a", "b"]
        assert read.questions[1].expect == (Outcome.CRISIS, Outcome.EMERGENCY)
        assert read.slices == ("all", "x")
        assert re.fullmatch("[0-9a-f]{64}", read.sha256)

    @pytest.mark.parametrize(
        ("bad", "said"),
        [
            ("{", "is not JSON"),
            ('["a"]', "valid dictionary"),
            ('{"id": "a", "text": "Why?"}', "the field 'turns' is missing"),
            ('{"id": "a", "turns": ["Why?"], "tags": []}', "the field 'expect' is missing"),
            (line("a"), "'turns'"),
            (line("a", " "), "a turn is blank"),
            ('{"id": "a", "turns": "Why?", "expect": "answered"}', "'turns'"),
            ('{"id": 7, "turns": ["Why?"], "expect": "answered"}', "'id'"),
            (line("a", "Why?", expect="maybe"), "'maybe'"),
            (line("a", "Why?", expect=[]), "'expect'"),
            (line("a", "Why?", expect="not_in_article", evidence=["x"]), "“answered” is not expected"),
            (line("a", "Why?", evidence=[""]), "'evidence.0'"),
            (line("fine", "Why?"), "the id 'fine' stands in line 1, too"),
            ("[" * 100_000, "nested too deeply"),
        ],
    )
    def test_a_malformed_line_is_one_clear_error_with_its_number(self, tmp_path: Path, bad: str, said: str) -> None:
        path = write_set(tmp_path, line("fine", "Why?"), "", bad)
        with pytest.raises(SourceError) as raised:
            read_plan(path)
        assert str(raised.value).startswith(f"{path}, line 3: ")
        assert said in str(raised.value)
        assert "\n" not in str(raised.value)

    def test_no_file_no_text_and_no_question_are_errors(self, tmp_path: Path) -> None:
        empty, bytes_ = tmp_path / "empty.jsonl", tmp_path / "bytes.jsonl"
        empty.write_text("\n \n")
        bytes_.write_bytes(b"{}\n\xff\n")
        for path, said in (
            (tmp_path / "none.jsonl", "Can't read"),
            (empty, "holds no question"),
            (bytes_, "line 2: is not UTF-8"),
        ):
            with pytest.raises(SourceError, match=said):
                read_questions(path)

    def test_an_installation_without_the_projects_set_asks_for_a_file(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr("bot.question_set.__file__", str(tmp_path / "bot" / "question_set.py"))
        with pytest.raises(SourceError, match=r"name one, cancer-bot evaluate QUESTIONS\.jsonl"):
            default_path()


def literal(id: str, expect: str, outcome: str, answerability: float = 0.5, **more: Any) -> Result:
    evidence = ["one", "two"] if expect == "answered" else []
    question = Question.model_validate({"id": id, "turns": ["?"], "expect": expect, "evidence": evidence, **more.pop("q", {})})
    return Result(question, Outcome(outcome), answerability=answerability, **more)


def answer(id: str, found: tuple[bool, bool], relevant: int, sentences: int, answerability: float, **more: Any) -> Result:
    texts = tuple(f"Sentence {number}." for number in range(sentences))
    return literal(
        id,
        "answered",
        "answered",
        answerability,
        evidence_found=found,
        relevant=relevant,
        sentences=texts,
        passage_first=True,
        **more,
    )


MISS = (False, False)
TEN = [
    answer("a", (True, True), 2, 2, 0.9),
    answer("b", (True, False), 1, 4, 0.8, q={"tags": ["follow-up"]}),
    answer("c", MISS, 0, 1, 0.7),
    answer("b-alone", (True, True), 3, 3, 0.9, q={"tags": ["standalone-pair"]}),
    literal("d", "answered", "not_in_article", 0.4, evidence_found=MISS, q={"tags": ["follow-up"]}),
    literal("d-alone", "answered", "emergency", 0.6, evidence_found=MISS, q={"tags": ["standalone-pair"]}),
    literal("e", "not_in_article", "not_in_article", 0.2, q={"tags": ["near-miss"]}),
    literal("f", "not_in_article", "answered", 0.75, sentences=("x",), q={"tags": ["near-miss"]}),
    literal("g", "not_in_article", "not_in_article", 0.1, q={"tags": ["off-topic"]}),
    literal("h", "answered", "answered", 0.3, evidence_found=(True, True), q={"expect": ["answered", "not_in_article"]}),
]


class TestArithmetic:
    def test_a_rate_has_wilsons_interval(self) -> None:
        figure = rate([True] * 8 + [False] * 2)
        assert (figure.value, figure.n) == (0.8, 10)
        assert [figure.low, figure.high] == pytest.approx([0.4902, 0.9433], abs=1e-4)

    def test_a_mean_has_a_bootstrap_interval_that_stays_the_same(self) -> None:
        figure = mean([0.0, 0.5, 1.0, 1.0] * 25)
        assert figure == mean([0.0, 0.5, 1.0, 1.0] * 25)
        assert figure.value == 0.625
        # Normal approximation of the same: 0.625 ± 1.96 · 0.4146 / √100.
        assert [figure.low, figure.high] == pytest.approx([0.544, 0.706], abs=0.02)

    def test_auroc_counts_ties_as_half(self) -> None:
        figure = auroc([0.9, 0.8, 0.4], [0.5, 0.4])
        assert figure.value == 4.5 / 6
        assert figure.low is not None
        assert figure.high is not None
        assert figure.low < 0.75 < figure.high == 1.0

    def test_over_nothing_there_is_no_figure(self) -> None:
        assert rate([]) == mean([]) == median([]) == auroc([], [0.1]) == NOTHING
        assert reading_grade([]) == NOTHING

    def test_ten_literal_results(self) -> None:
        scores = score(TEN)
        figures: dict[str, Any] = {name: (figure.value, figure.n) for name, figure in scores["all"].items()}
        # Right: a, b, b-alone, e, g, h. Answered, h left aside: a, b, c, b-alone, f.
        assert figures["correct"] == (0.6, 10)
        assert figures["answered"] == (5 / 9, 9)
        assert figures["right_passage_first"] == (4 / 6, 6)
        assert figures["evidence_recall"] == ((1 + 0.5 + 0 + 1) / 4, 4)
        assert figures["precision"] == ((1 + 0.25 + 0 + 1) / 4, 4)
        assert figures["abstention_recall"] == (pytest.approx(2 / 3), 3)
        # Refused: d wrongly, e and g rightly.
        assert figures["abstention_precision"] == (pytest.approx(2 / 3), 3)
        assert figures["sentences"] == (1.5, 6)
        # Answerable .9 .8 .7 .9 .4 .6 against .2 .75 .1: each beats .2 and .1, three beat .75.
        assert figures["auroc"] == (pytest.approx(15 / 18), 9)
        # b and its twin are both right, d and its twin both wrong.
        assert figures["follow_up_difference"] == (0.0, 2)

    def test_auroc_of_an_unanswerable_slice_is_against_every_answerable_question(self) -> None:
        scores = score(TEN)
        assert scores["near-miss"]["auroc"].value == pytest.approx(9 / 12)
        assert scores["off-topic"]["auroc"].value == 1.0
        assert scores["near-miss"]["abstention_recall"].value == 0.5
        assert scores["follow-up"]["auroc"] == NOTHING

    def test_a_follow_up_that_is_worse_than_its_twin_counts_below_nought(self) -> None:
        pair = [
            literal("a", "answered", "not_in_article", evidence_found=MISS),
            answer("a-alone", (True, True), 1, 1, 0.9, q={"tags": ["standalone-pair"]}),
        ]
        assert score(pair)["all"]["follow_up_difference"].value == -100.0

    def test_an_answer_without_its_evidence_is_not_correct(self) -> None:
        assert not answer("a", MISS, 1, 1, 0.9).correct
        assert answer("a", (False, True), 1, 1, 0.9).correct
        assert not literal("b", "not_in_article", "answered").correct

    def test_the_curve_gives_coverage_and_accuracy_of_every_threshold(self) -> None:
        curve = coverage_curve(TEN)
        assert [point.coverage for point in curve] == sorted(point.coverage for point in curve)
        assert (curve[0].coverage, curve[0].accuracy) == (2 / 9, 1.0)
        at = point_at(TEN, 0.7)
        assert at
        assert (at.coverage, at.accuracy) == (5 / 9, 4 / 5)
        assert point_at(TEN, 0.95) is None

    def test_long_words_raise_the_reading_grade(self) -> None:
        easy, hard = (
            reading_grade(["The cat sat on the mat."]),
            reading_grade(["Radiopharmaceuticals necessitate hospitalization."]),
        )
        assert easy.value is not None
        assert hard.value is not None
        assert easy.value < 3
        assert hard.value > 12
        assert own_grade().n > 10


class TestRunning:
    def test_follow_ups_are_asked_in_order_after_the_questions_before_them(
        self, bot: Bot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[tuple[str, list[str]]] = []
        ask = bot.ask

        def noted(question: str, previous: Sequence[str] = ()) -> Reply:
            asked.append((question, list(previous)))
            return ask(question, previous)

        monkeypatch.setattr(bot, "ask", noted)
        Asked.of(Question.model_validate_json(line("x", "What is RFA?", "Does it hurt?", "And after?")), bot)
        assert asked == [
            ("What is RFA?", []),
            ("Does it hurt?", ["What is RFA?"]),
            ("And after?", ["What is RFA?", "Does it hurt?"]),
        ]

    def test_right_answers_hold_their_evidence(self, evaluation: Evaluation) -> None:
        for id in ("rfa", "rfa-alone", "palliative", "revised"):
            result = result_of(evaluation, id)
            assert (result.outcome, result.evidence_found, result.correct, result.passage_first) == (
                "answered",
                (True,),
                True,
                True,
            )
            assert 1 <= result.relevant <= len(result.sentences)
            assert result.missed == ()

    def test_what_is_no_answer_is_scored_by_its_outcome(self, evaluation: Evaluation) -> None:
        assert {id: result_of(evaluation, id).correct for id in ("football", "hello", "empty")} == dict.fromkeys(
            ("football", "hello", "empty"), True
        )
        assert result_of(evaluation, "script").outcome == "not_in_article"
        assert not result_of(evaluation, "script").correct

    def test_evidence_that_no_source_holds_is_named_and_counts_as_not_found(self, evaluation: Evaluation) -> None:
        assert evaluation.not_in_sources == ("nowhere",)
        assert result_of(evaluation, "nowhere").evidence_found == (False,)
        assert "nowhere" in scoreboard(evaluation)

    def test_evidence_counts_wherever_it_occurs(self, bot: Bot, article: Any) -> None:
        word = "palliative radiation"
        gold = Gold.of(Question.model_validate_json(line("x", "?", evidence=[word])), bot.retriever)
        assert len(gold.spans[0]) == article.text.count(word)

    def test_progress_is_told_for_every_question(self, bot: Bot, tmp_path: Path) -> None:
        told: list[tuple[int, int]] = []
        evaluate(bot, read_plan(write_set(tmp_path, *SET[:3])), progress=lambda done, total: told.append((done, total)))
        assert told == [(1, 3), (2, 3), (3, 3)]


class TestBaselines:
    def test_they_answer_the_same_questions(self, evaluation: Evaluation) -> None:
        names = ["copy-the-top-passage", "no answerability check", "dense only", "BM25 only"]
        assert [baseline.name for baseline in evaluation.fitted] == names
        for name in names:
            assert [result.question for result in evaluation.others[name]] == [result.question for result in evaluation.results]

    def test_copying_gives_the_whole_passage_of_the_best_candidate(self, bot: Bot, evaluation: Evaluation) -> None:
        copied = next(r for r in evaluation.others["copy-the-top-passage"] if r.question.id == "palliative")
        found, _ = bot.look_up("What is palliative radiation?")
        passage = bot.retriever.passage(found.candidates[0])
        assert copied.sentences == tuple(sentence.text for sentence in passage.sentences)
        assert copied.passage_first
        assert copied.relevant == len(copied.sentences)

    def test_without_a_check_everything_that_can_be_searched_is_answered(self, evaluation: Evaluation) -> None:
        silent = [r.question.id for r in evaluation.others["no answerability check"] if not r.answered]
        assert silent == ["empty"]

    def test_each_ranks_by_its_own_score(self, bot: Bot) -> None:
        found, _ = bot.look_up("What is palliative radiation?")
        for baseline, key in zip(baselines([])[2:], ("dense", "lexical"), strict=True):
            own = [getattr(candidate, key) for candidate in baseline.ranked(found)]
            assert own == sorted(own, reverse=True)

    def test_a_threshold_lets_95_of_100_answerable_questions_pass(self, bot: Bot) -> None:
        found, _ = bot.look_up("What is palliative radiation?")
        [best] = [baselines([found])[2].ranked(found)[0]]
        many = [found] * 95 + [bot.look_up("zebra zoo")[0]] * 5
        dense = baselines(many)[2]
        assert dense.threshold == best.score
        assert baselines(many[1:])[2].threshold < best.score

    def test_thresholds_come_from_the_development_set_beside_the_scored_one(self, tmp_path: Path) -> None:
        path = write_set(tmp_path, *SET[:2])
        assert read_plan(path).fitted_on.path == path
        (tmp_path / "dev.jsonl").write_text(SET[2], encoding="utf-8")
        assert read_plan(path).fitted_on.path.name == "dev.jsonl"


class TestGates:
    def test_gates_that_hold(self, evaluation: Evaluation) -> None:
        assert [verdict.holds for verdict in evaluation.verdicts] == [True, True]
        assert evaluation.holds
        assert scoreboard(evaluation).splitlines()[-2].startswith("holds  direct, right_passage_first: ")

    def test_a_gate_that_fails_is_said_last(self, bot: Bot, tmp_path: Path) -> None:
        gates = '[[gate]]\nslice = "all"\nmeasure = "correct"\nminimum = 0.5\nmaximum = 0.9\n'
        done = evaluate(bot, read_plan(write_set(tmp_path, *SET[2:3], gates=gates)))
        assert not done.holds
        assert scoreboard(done).splitlines()[-1] == "FAILS  all, correct: 1, wanted at least 0.5 and at most 0.9"

    def test_a_gate_on_nothing_does_not_hold(self, bot: Bot, tmp_path: Path) -> None:
        gates = '[[gate]]\nslice = "direct"\nmeasure = "abstention_recall"\nminimum = 0\n'
        done = evaluate(bot, read_plan(write_set(tmp_path, *SET[2:3], gates=gates)))
        assert not done.holds
        assert "nothing to measure" in scoreboard(done)

    def test_without_a_file_there_are_none(self, tmp_path: Path) -> None:
        assert read_plan(write_set(tmp_path, *SET)).gates == ()

    @pytest.mark.parametrize(
        ("gates", "said"),
        [
            ('[[gate]]\nslice = "tpyo"\nmeasure = "correct"\nminimum = 1', "the slice 'tpyo' is unknown: take one of all, "),
            (
                '[[gate]]\nslice = "all"\nmeasure = "corect"\nminimum = 1',
                "the measure 'corect' is unknown: take one of correct, ",
            ),
            (
                '[[gate]]\nslice = "direct"\nmeasure = "reading_grade_own"\nmaximum = 6',
                "the measure 'reading_grade_own' is unknown",
            ),
            ('[[gate]]\nslice = "all"\nmeasure = "correct"', "a gate needs a minimum or a maximum"),
            ('[[gate]]\nslice = "all"\nmeasure = "correct"\nminimum = nan', "'gate.0.minimum'"),
            ('[[gate]]\nslice = "all"\nmeasure = "correct"\nmin = 1', "'gate.0.min'"),
            ("gate", "is not TOML"),
        ],
    )
    def test_a_gate_that_can_not_be_is_one_clear_error(self, tmp_path: Path, gates: str, said: str) -> None:
        path = write_set(tmp_path, *SET, gates=gates)
        with pytest.raises(SourceError) as raised:
            read_gates(read_questions(path))
        assert said in str(raised.value)
        assert "small.gates.toml" in str(raised.value)
        assert "\n" not in str(raised.value)


class TestWriting:
    def test_the_json_is_as_the_contract_says(self, evaluation: Evaluation, tmp_path: Path) -> None:
        write_json(evaluation, tmp_path / "out.json")
        written = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
        assert set(written) == {"summary", "results"}
        assert [result["id"] for result in written["results"]] == [json.loads(question)["id"] for question in SET]
        for result in written["results"]:
            assert set(result) == {
                *("id", "outcome", "reason", "flags", "answerability", "sentences", "citations"),
                *("evidence_found", "correct", "milliseconds"),
            }
        slices = written["summary"]["slices"]
        assert set(MEASURES) < set(slices["all"])
        assert set(slices["all"]["correct"]) == {"value", "low", "high", "n"}
        assert written["summary"]["gates_hold"] is True
        assert set(written["summary"]["baselines"]) >= {"dense only", "thresholds_fitted_on"}

    def test_citations_in_the_json_are_slices_of_the_article(self, evaluation: Evaluation, article: Any) -> None:
        cited = [citation for result in evaluation.as_dict()["results"] for citation in result["citations"]]
        assert cited
        assert all(article.text[c["start"] : c["end"]] == c["quote"] for c in cited)

    def test_the_report_loads_nothing_and_shows_what_was_typed_as_text(self, evaluation: Evaluation, tmp_path: Path) -> None:
        write_report(evaluation, tmp_path)
        [path] = tmp_path.iterdir()
        html = path.read_text(encoding="utf-8")
        assert not re.findall(r"(?:src|href|action|data|url)\s*[=(]\s*[\"']?\s*(?:https?:)?//", html)
        assert "<script" not in html.lower()
        assert "&lt;script&gt;" in html
        assert "<b>" not in html
        assert "@import" not in html

    def test_the_report_can_be_read_by_anyone(self, evaluation: Evaluation) -> None:
        html = page(evaluation)
        assert '<html lang="en">' in html
        assert 'name="viewport"' in html
        assert html.count("<h1>") == 1
        assert len(re.findall("<h2 ", html)) == 6
        assert html.count("<table>") == html.count("<caption>") == 3
        assert not re.findall(r"<th(?! scope=)[ >]", html)
        images = re.findall(r"<img [^>]+>", html)
        assert len(images) == html.count("<figcaption>") == 2
        assert all('src="data:image/' in image and 'alt="' in image for image in images)

    def test_every_wrong_answer_stands_in_the_report_once_with_what_it_missed(self, evaluation: Evaluation) -> None:
        html = page(evaluation)
        wrong = [result.question.id for result in evaluation.results if not result.correct]
        assert set(wrong) == set(re.findall(r"<h4>(.+?)</h4>", html))
        assert len(re.findall("<h4>", html)) == len(wrong)
        assert "This sentence stands in no source." in html
        assert evaluation.plan.questions.sha256 in html

    def test_half_a_character_in_a_question_can_be_written(self, bot: Bot, tmp_path: Path) -> None:
        done = evaluate(bot, read_plan(write_set(tmp_path, line("a", "x\ud800"))))
        write_json(done, tmp_path / "out.json")
        write_report(done, tmp_path)
        assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["results"][0]["outcome"] == "invalid"
        assert "U+D800" in page(done)

    def test_a_place_that_can_not_be_written_is_said_before_anything_runs(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(EvaluationError, match=r"Can't write .*file"):
            check_targets(None, tmp_path / "file")
        with pytest.raises(EvaluationError, match="Name another place"):
            check_targets(tmp_path, None)
        check_targets(tmp_path / "new" / "out.json", tmp_path / "report")


class Letters(Embeddings):
    """Vectors that count letters: enough to find a text by its words."""

    def embed_query(self, text: str) -> list[float]:
        return [float(text.lower().count(letter)) for letter in "abcdefghijklmnopqrstuvwxyz"]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]


class TestOtherTexts:
    @pytest.fixture
    def bed(self, tmp_path: Path) -> TestBed:
        texts = {"1": "zebra zoo", "2": "honey bee", "3": "quick fox"}
        asked = [("1", "zoo zebra", False), ("2", "bee honey", False), ("3", "honey bees", False), ("3", "???", True)]
        passages = [json.dumps({"id": id, "text": text, "article": "x"}) for id, text in texts.items()]
        questions = [json.dumps({"passage_id": id, "question": q, "is_impossible": no}) for id, q, no in asked]
        (tmp_path / "passages.jsonl").write_text("\n".join(passages), encoding="utf-8")
        (tmp_path / "questions.jsonl").write_text("\n".join(questions), encoding="utf-8")
        return read_testbed(tmp_path)

    def test_passages_are_found_and_the_unanswerable_told_apart(self, bed: TestBed) -> None:
        told: list[tuple[int, int]] = []
        figures = find_all(bed, Letters(), lambda done, total: told.append((done, total))).figures
        assert [figure.value for figure in figures.values()] == pytest.approx([2 / 3, 1.0, 1.0])
        assert told == [(number, 7) for number in range(3, 8)]

    def test_it_is_drawn_the_same_every_time(self, bed: TestBed, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("bot.testbed.MAXIMUM", 2)
        assert len(read_testbed(bed.path).questions) == 2
        assert read_testbed(bed.path) == read_testbed(bed.path)

    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("questions.jsonl", '\n{"question": "?"}', r"questions\.jsonl, line 2: the field 'passage_id' is missing"),
            ("questions.jsonl", '{"passage_id": "9", "question": "?", "is_impossible": false}', "lacks the passage '9'"),
            ("questions.jsonl", "", "lacks a question"),
            ("passages.jsonl", None, r"Can't read .*passages\.jsonl"),
        ],
    )
    def test_a_test_bed_that_can_not_be_used_is_one_clear_error(
        self, bed: TestBed, name: str, content: str | None, said: str
    ) -> None:
        (bed.path / name).unlink()
        if content is not None:
            (bed.path / name).write_text(content, encoding="utf-8")
        with pytest.raises(SourceError, match=said):
            read_testbed(bed.path)

    def test_its_figures_stand_in_summary_scoreboard_and_report(self, bot: Bot, bed: TestBed, tmp_path: Path) -> None:
        done = evaluate(bot, read_plan(write_set(tmp_path, *SET[2:3]), bed.path))
        assert set(done.as_dict()["summary"]["testbed"]) == {"encoder in use", "base weights"}
        assert isinstance(done.testbed["base weights"].figures["hit@1"], Figure)
        for shown in (scoreboard(done), page(done)):
            assert "base weights" in shown
            assert "hit@5" in shown
