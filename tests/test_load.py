"""Eight people at once for a quarter of a minute on the real server; `python -m tests.load` is the same with more of both."""

from pathlib import Path

import pytest

from tests.figures_of_load import Sample, figures
from tests.leaflet import tell
from tests.load import Answer, measured

MIB = 2**20


def test_eight_people_get_their_own_answers(built_index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No error and no answer of another conversation; a crowd at one moment is answered or told that it is busy."""
    done = measured(people=8, seconds=15, think=0.5, index=built_index)
    assert (done["errors"], done["wrong"]) == (0, 0), done
    assert done["questions"] > 20
    assert 0 < done["burst_busy"] < done["burst"]
    assert done["slowest_busy_ms"] < 1000, done
    tell(capsys, f"{done['questions']} questions, p95 {done['p95_ms']} ms, busy said within {done['slowest_busy_ms']} ms")


def test_the_figures_count_what_they_say() -> None:
    asked = [Answer(0.1, reply={"outcome": "answered"})] * 98 + [Answer(2.0, said="gone")] * 2
    burst = [Answer(0.2, said="Many people are asking right now. Wait a few seconds and ask again.")]
    samples = [Sample(second, second * 10, (500 + second) * MIB) for second in range(41)]
    done = figures(asked, burst, ["another's"], samples, seconds=40)
    assert (done["questions"], done["errors"], done["wrong"]) == (100, 2, 1)
    assert (done["p50_ms"], done["slowest_ms"], done["burst_busy"], done["slowest_busy_ms"]) == (100, 100, 1, 200)
    assert (done["rss_warm_mib"], done["rss_end_mib"], done["rss_mib_per_1000_questions"]) == (510.0, 540.0, 100.0)
