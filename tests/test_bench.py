"""`make bench`: its texts, its sums, its table, and the whole command on tiny sizes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.documents import read_documents
from ingest.passages import cut
from tests.bench.__main__ import lines, main, printed
from tests.bench.growth import exponents, markdown, table
from tests.bench.memory import peak_mib
from tests.bench.plots import load_plot, once_plot
from tests.bench.texts import build, change, own_sentences, passages, sentences_from

ROW = {
    "ingest": 2.0,
    "again": 0.5,
    "ingest memory": 800.0,
    "open": 1.0,
    "question": 9.0,
    "question, p95": 12.0,
    "encoding": 4.0,
    "question memory": 300.0,
    "seconds": 9.0,
}


def row(passages: int, **figures: object) -> dict[str, object]:
    changes = [{"passages": 1, "embedded": 2, "seconds": 0.5}]
    return ROW | {"passages": passages, "texts": 6 * passages, "changes": changes} | figures


def test_there_are_texts_for_any_size_and_no_sentence_twice() -> None:
    """Beyond what there is, sentences are put together of halves; a size holds the smaller ones."""
    own = own_sentences()
    assert len(own) > 1000
    some = list(passages(own[:20], 60))
    assert len(some) == len(set(some)) == 60
    assert some[0] == " ".join(own[:5])
    assert some[:10] == list(passages(own[:20], 10))


def test_texts_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "corpus.jsonl"
    file.write_text('{"_id": "1", "text": "One is a sentence of words. Two is\\nanother one of them."}\n\n', encoding="utf-8")
    assert sentences_from(file) == ["One is a sentence of words.", "Two is another one of them."]


def test_a_change_changes_so_many_passages(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    build(docs, own_sentences(), 120)
    before = [passage.text for document in read_documents(docs) for passage in cut(document)]
    change(docs, 70, 1)
    after = [passage.text for document in read_documents(docs) for passage in cut(document)]
    assert len(before) == len(after) == 120
    assert len(set(after) - set(before)) == 70
    change(docs, 1, 2)
    assert len({passage.text for document in read_documents(docs) for passage in cut(document)} - set(after)) == 1


def test_exponents_are_those_of_the_curve() -> None:
    rows = [row(size, ingest=0.1 * size, question=3.0 * size**0.5) for size in (10, 100, 1000)]
    found = exponents(rows)
    assert found["ingest"] == pytest.approx({"all": 1.0, "last two": 1.0})
    assert found["question"] == pytest.approx({"all": 0.5, "last two": 0.5})
    assert found["open"] == pytest.approx({"all": 0.0, "last two": 0.0})


def test_memory_is_this_process_s_own() -> None:
    """A small process that a large one starts is small."""
    block = bytearray(300 * 2**20)
    block[:: 2**12] = b"x" * len(block[:: 2**12])
    assert peak_mib() > 300
    command = [sys.executable, "-c", "from tests.bench.memory import peak_mib; print(peak_mib())"]
    root = Path(__file__).parent.parent
    assert 5 < float(subprocess.run(command, check=True, capture_output=True, text=True, cwd=root).stdout) < 100


def test_the_table_holds_every_part() -> None:
    sizes = [row(10), row(100, ingest=20.0)]
    growth = {"sizes": sizes, "exponents": exponents(sizes)}
    said = table(growth)
    assert said["ingest, s"] == "2.00 / 20.00"
    assert said["texts embedded, a second"] == "30 / 30"
    assert said["ingest, exponent (of the last two)"] == "1.00 (1.00)"
    changed = "1 of 100 passages changed: texts embedded, of all; seconds, of a whole ingest"
    assert said[changed] == "2, 0.3%; 0.50 s, 2.5%"
    done = {"machine": {"memory": "1 GiB"}, "once": {"help, s": 0.0612}, "growth": growth, "load": {"p95_ms": 84, "memory": []}}
    rows = lines(done)
    assert {("machine", "memory", "1 GiB"), ("one question", "help, s", "0.06"), ("load", "p95_ms", "84")} <= set(rows)
    assert "memory" not in [what for part, what, _ in rows if part == "load"]
    assert len({len(line) for line in printed(rows).splitlines()}) == 1
    assert markdown(sizes).splitlines()[1] == "| 100 | 20.0 | 0.50 | 1.00 | 9.0 | 12.0 | 4.0 | 300 |"


def test_plots_are_drawn(tmp_path: Path) -> None:
    load = dict.fromkeys(("p50_ms", "p95_ms", "p99_ms", "slowest_ms", "slowest_busy_ms", "seconds", "people"), 5)
    load_plot(load | {"memory": [(0.0, 400.0), (1.0, 410.0)]}, tmp_path / "load.svg")
    names = (
        "help, s",
        "cold ask, s",
        "bare process, s",
        "encoding alone, compiled, ms",
        "warm question, ms",
        "encoding alone, ms",
    )
    once_plot(dict.fromkeys(names, 1.0), tmp_path / "once.svg")
    assert all((tmp_path / name).read_text(encoding="utf-8").count("<svg") == 1 for name in ("load.svg", "once.svg"))


@pytest.mark.parametrize("sizes", [["10"], ["10", "10"], ["0", "10"]])
def test_sizes_that_no_line_goes_through_are_refused(sizes: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--sizes", *sizes])
    assert "two different sizes" in capsys.readouterr().err


def test_growth_is_measured_with_the_real_encoder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command itself, on folders so small that only the way is tested and not the figures."""
    assert main(["--parts", "growth", "--sizes", "3", "6", "--out", str(tmp_path)]) == 0
    done = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))["growth"]
    assert [size["passages"] for size in done["sizes"]] == [3, 6]
    assert [size["texts"] for size in done["sizes"]] == [18, 36]
    assert [(one["passages"], one["embedded"]) for one in done["sizes"][1]["changes"]] == [(1, 2), (2, 4)]
    # No training library is loaded for a question: opening is not what makes the compiled encoder.
    assert done["sizes"][1]["question memory"] < done["sizes"][1]["ingest memory"] - 200
    assert "<svg" in (tmp_path / "growth.svg").read_text(encoding="utf-8")
    assert "| growth " in capsys.readouterr().out
