"""A span for each step where one is asked for, with no word of a person in it; and nothing at all where none is."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot.chain import Bot
from bot.faithful.check import Checker
from bot.language_model import LanguageModel
from bot.plainer import PlainWords
from bot.privacy import keep_to_this_machine
from bot.rewriting import Rewriter
from bot.settings import Settings
from bot.steps import note, recorded, step, watched_by
from bot.tracing import Tracing
from bot.writer import Writer
from ingest.words import words
from tests.provider import copies, provider

STEPS = ["triage", "standalone", "retrieve", "answerability", "compose", "verify", "reword", "reply", "ask"]
BEFORE, QUESTION = "How does zyxwvut RFA work?", "Is the patient asleep during it?"


class Believing:
    """A scorer that believes everything."""

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        return [1.0 for _ in pairs]


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traced(bot: Bot, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bot]:
    """The bot with a language model, its steps traced; every library's own telemetry is switched off, as in the program."""
    keep_to_this_machine()
    with provider(copies({})) as there:
        monkeypatch.setenv("OPENAI_BASE_URL", there.address)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
        model = LanguageModel.from_setting("openai:m")
        monkeypatch.setattr(bot, "_plain_words", PlainWords(Writer(model), Checker(Believing(), 0.5)))
        monkeypatch.setattr(bot._follow_ups, "_rewriter", Rewriter(model))
        monkeypatch.setattr(bot, "_tracing", Tracing(SimpleSpanProcessor(spans)))
        yield bot


def test_each_step_is_a_span_in_one_trace(traced: Bot, spans: InMemorySpanExporter) -> None:
    traced.ask("What is palliative radiation?")
    finished = spans.get_finished_spans()
    names = [span.name for span in finished]
    assert [name for name in names if name in STEPS] == STEPS
    assert names[names.index("verify") + 1 : names.index("reword")] == ["model call", "check"]
    root = finished[-1]
    assert {span.context.trace_id for span in finished if span.context} == {root.context.trace_id if root.context else 0}
    assert all(span.attributes and span.attributes["milliseconds"] for span in finished)
    assert root.attributes
    assert root.attributes["outcome"] == "answered"
    reword = next(span for span in finished if span.name == "reword")
    assert reword.parent
    assert root.context
    assert reword.parent.span_id == root.context.span_id


def test_no_word_of_the_question_or_the_answer_is_in_a_span(traced: Bot, spans: InMemorySpanExporter) -> None:
    """A refusal by the model's server, whose words hold the key, leaves nothing either."""
    reply = traced.ask(QUESTION, [BEFORE])
    said = [value for span in spans.get_finished_spans() for value in values(span)]
    typed = {word for line in (QUESTION, BEFORE, reply.answer) for word in words(line) if len(word) > 4} - {"asked"}
    assert {"asleep", "zyxwvut", "patient"} <= typed
    assert not typed.intersection(word for value in said for word in words(value))
    assert any(span.name == "model call" for span in spans.get_finished_spans())


def test_the_words_are_there_where_they_were_asked_for(
    traced: Bot, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traced, "_tracing", Tracing(SimpleSpanProcessor(spans), text=True))
    reply = traced.ask(QUESTION, [BEFORE])
    texts = [value for span in spans.get_finished_spans() for value in values(span)]
    assert {QUESTION, reply.answer, reply.standalone_question} <= set(texts)


def test_an_error_leaves_its_kind_and_not_its_words(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="zyxwvut"), watched_by(Tracing(SimpleSpanProcessor(spans))), step("broken"):
        raise ValueError("zyxwvut")
    [span] = spans.get_finished_spans()
    assert span.attributes
    assert span.attributes["error"] == "ValueError"
    assert not span.events
    assert "zyxwvut" not in span.to_json()


def test_askers_side_by_side_have_traces_of_their_own(traced: Bot, spans: InMemorySpanExporter) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(traced.ask, ["What is chemotherapy?", "hello", "What is RFA?", "Who won the cup?"]))
    roots = [span for span in spans.get_finished_spans() if span.parent is None]
    assert len({span.context.trace_id for span in roots if span.context}) == 4
    assert {span.name for span in roots} == {"ask"}


def test_where_it_is_off_nothing_is_made(bot: Bot) -> None:
    assert Tracing.from_settings(Settings()) is None
    assert bot._tracing is None
    with step("x"):
        note(found=1)
    with recorded() as steps:
        pass
    assert steps == []
    # LangChain itself imports some of OpenTelemetry; what is ours asks for none of it.
    script = "import sys, bot.tracing, bot.steps; print([name for name in sys.modules if name.startswith('opentelemetry')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_command_traces_to_stderr_and_answers_on_stdout(built_index: Path) -> None:
    environment = {**os.environ, "CANCER_BOT_TRACE": "console", "CANCER_BOT_INDEX": str(built_index)}
    command = [sys.executable, "-m", "bot", "ask", "What is chemotherapy?", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["outcome"] == "answered"
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert [line["name"] for line in lines] == STEPS
    assert "chemotherapy" not in done.stderr.lower()


def test_spans_reach_a_collector(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over OpenTelemetry's own protocol, to the address in its own variable."""
    import grpc  # type: ignore[import-untyped]  # it ships no types
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as messages
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as service

    received: list[str] = []

    class Collector(service.TraceServiceServicer):
        def Export(self, request: Any, context: object) -> Any:  # noqa: N802 -- the name that the protocol has for it
            received.extend(span.name for one in request.resource_spans for scope in one.scope_spans for span in scope.spans)
            return messages.ExportTraceServiceResponse()

    server = grpc.server(ThreadPoolExecutor(2))
    service.add_TraceServiceServicer_to_server(Collector(), server)  # type: ignore[no-untyped-call]  # generated
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    tracing = Tracing.from_settings(Settings(trace="otlp"))
    assert tracing
    with monkeypatch.context() as patch:
        patch.setattr(bot, "_tracing", tracing)
        bot.ask("What is chemotherapy?")
    tracing.close()
    server.stop(None)
    assert received == STEPS


def values(span: ReadableSpan) -> list[str]:
    return [str(value) for value in (span.attributes or {}).values()]
