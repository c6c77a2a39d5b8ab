"""The steps as OpenTelemetry spans, off by default: on stderr, or to a collector of one's own by OTLP."""

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

from bot.steps import Step

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

    from bot.settings import Settings

SERVICE = "cancer-bot"

# The switch with which `bot.privacy` keeps every library's own spans from being made.
_SWITCH = "OTEL_SDK_DISABLED"

# How long the last spans may take to get to a collector when the program ends, in milliseconds.
FLUSH = 2000


class Tracing:
    """A watcher that makes a span of each step, with its notes as attributes; with its texts only where asked for."""

    def __init__(self, processor: "SpanProcessor", *, text: bool = False) -> None:
        """`processor`: takes the spans that have ended. `text`: the words, too."""
        self._provider = _provider()
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer(SERVICE)
        self._text = text

    @classmethod
    def from_settings(cls, settings: "Settings") -> Self | None:
        """What the settings ask for; None, and nothing imported, where that is nothing."""
        if settings.trace == "off":
            return None
        return cls(_to_stderr() if settings.trace == "console" else _to_collector(), text=settings.trace_text)

    @contextlib.contextmanager
    def watch(self, step: Step) -> Iterator[None]:
        """A span as long as the step. What an error says is left out: it may hold a question or a key."""
        with self._tracer.start_as_current_span(step.name, record_exception=False, set_status_on_exception=False) as span:
            try:
                yield
            finally:
                span.set_attributes(step.notes)
                if self._text:
                    span.set_attributes(step.texts)

    def close(self) -> None:
        """Send what is left."""
        self._provider.force_flush(FLUSH)
        self._provider.shutdown()


def _provider() -> "TracerProvider":
    """A provider of our own: no library gets at it, for it is not made the global one."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    silenced = os.environ.pop(_SWITCH, None)
    try:
        return TracerProvider(resource=Resource.create({"service.name": SERVICE}), shutdown_on_exit=False)
    finally:
        if silenced is not None:
            os.environ[_SWITCH] = silenced


def _to_stderr() -> "SpanProcessor":
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

    return SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stderr, formatter=line))


def _to_collector() -> "SpanProcessor":
    """Where OpenTelemetry's own `OTEL_EXPORTER_OTLP_…` variables say, or else on this machine."""
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return BatchSpanProcessor(OTLPSpanExporter())


def line(span: "ReadableSpan") -> str:
    """A span as one line of JSON."""
    context, parent = span.get_span_context(), span.parent
    said = {
        "trace": f"{context.trace_id:032x}" if context else None,
        "span": f"{context.span_id:016x}" if context else None,
        "parent": f"{parent.span_id:016x}" if parent else None,
        "name": span.name,
        **dict(span.attributes or {}),
    }
    return json.dumps(said, ensure_ascii=False) + os.linesep
