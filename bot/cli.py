"""The `cancer-bot` command. Data goes to stdout, everything else to stderr; heavy imports wait for the command."""

import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.console import fail, say
from bot.progress import EMBEDDING, progress_bar
from bot.sources import text
from bot.web.commands import password, serve
from ingest.errors import CancerBotError

if TYPE_CHECKING:
    from bot.reply import Outcome, Reply
    from bot.settings import Settings

app = typer.Typer(
    name="cancer-bot",
    help="Answers questions about advanced cancer treatment from one article, every sentence with a checked citation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else on stdout.")]


def main() -> None:
    """Run the command; every foreseen failure is one line on stderr and exit status 1 (2 for bad usage)."""
    # A name or a file in an odd encoding must not end in a traceback while we print it.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app()
    except CancerBotError as error:
        if "--json" in sys.argv:
            print(json.dumps({"error": str(error)}, ensure_ascii=False))
        fail(str(error))
    except KeyboardInterrupt:
        fail("Stopped.", status=130)
    except BrokenPipeError:
        # Whoever read our output has gone; closing stdout again must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None


def _settings(**given: Path | None) -> "Settings":
    from bot.settings import read_settings

    return read_settings().model_copy(update={name: value.expanduser() for name, value in given.items() if value})


app.command()(serve)
app.command()(password)
app.command()(text)


@app.command()
def ingest(
    docs: Annotated[
        Path | None, typer.Option(help="Folder of the sources; default: the one that ships with the program.")
    ] = None,
    index: Annotated[Path | None, typer.Option(help="Folder of the index; default: in your cache folder.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Build it anew even where it is up to date.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read the sources and build the index; does nothing where it is up to date."""
    settings = _settings(docs=docs, index=index)
    from bot.opening import compared_texts, weights_for
    from bot.privacy import keep_to_this_machine
    from bot.safety.hearing import Hearing
    from ingest.blocks import unmatched_headings
    from ingest.compiled import query_embeddings
    from ingest.documents import read_documents
    from ingest.extracted import FOLDER
    from ingest.index import ingest as bring_up_to_date

    keep_to_this_machine()
    documents = read_documents(settings.docs, texts=settings.index / FOLDER)
    for document in documents:
        for title in unmatched_headings(document):
            say(f"{document.name}: the heading {title!r} of its sidecar is not in the text; mend the sidecar.")
    weights = weights_for(settings)
    with progress_bar() as progress:
        done = bring_up_to_date(
            settings.docs, settings.place, weights, force=force, progress=partial(progress, EMBEDDING), say=say
        )
    query_embeddings(settings.index, weights, lambda: compared_texts(documents))
    Hearing(settings.index).load()
    facts: dict[str, Any] = {
        "status": "rebuilt" if done.rebuilt else "up to date",
        "documents": done.manifest.documents,
        "passages": done.manifest.passages,
        "sentences": done.manifest.sentences,
        "embedded": done.embedded,
        "seconds": round(done.seconds, 3),
        "index": str(settings.place),
    }
    if as_json:
        print(json.dumps(facts, ensure_ascii=False))
    else:
        print(
            f"{facts['status'].capitalize()}: {facts['documents']} documents, {facts['passages']} passages, "
            f"{facts['sentences']} sentences, {facts['embedded']} texts embedded, {facts['seconds']:.2f} s."
        )


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question; - reads it from standard input.")],
    previous: Annotated[
        list[str] | None, typer.Option("--previous", help="An earlier question of the conversation; repeat it, oldest first.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Answer one question with cited sentences.

    Exit status: 0 answered, 3 not in the article, 4 emergency or crisis, 2 no question that can be asked, 1 anything else.
    """
    settings = _settings()
    asked = _standard_input() if question == "-" else question
    from bot.opening import open_bot

    try:
        with progress_bar() as progress:
            bot = open_bot(settings, progress=partial(progress, EMBEDDING), say=say)
    except CancerBotError as error:
        _help_without_index(asked, previous or [], settings.region, error, as_json=as_json)
        raise
    try:
        reply = bot.ask(asked, previous or ())
    finally:
        bot.close()
    if reply.outcome == "invalid" and not as_json:
        fail(reply.answer, status=2)
    _show(reply, as_json=as_json)
    raise typer.Exit(_exit_status(reply.outcome))


def _help_without_index(asked: str, previous: list[str], region: str, error: CancerBotError, *, as_json: bool) -> None:
    """Whoever is in danger is told what to do, even where nothing can be searched."""
    from bot.fixed import help_without_answer
    from bot.safety.regions import regions

    if reply := help_without_answer(regions()[region], None, asked, previous):
        _show(reply, as_json=as_json)
        sys.stdout.flush()
        fail(str(error), status=4)


def _show(reply: "Reply", *, as_json: bool) -> None:
    from bot.render import plain

    print(reply.model_dump_json(indent=2) if as_json else plain(reply))


def _exit_status(outcome: "Outcome") -> int:
    return {"answered": 0, "conversation": 0, "invalid": 2, "not_in_article": 3, "emergency": 4, "crisis": 4}[outcome]


def _standard_input() -> str:
    """What stands on standard input; bytes that are no UTF-8 become characters that triage refuses."""
    return sys.stdin.buffer.read().decode("utf-8", errors="surrogateescape").removesuffix("\n")


@app.command()
def evaluate(
    questions: Annotated[
        Path | None,
        typer.Argument(help="A question set, JSON Lines; default: the project's own.", metavar="QUESTIONS"),
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write summary and results to this file as JSON.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write index.html, a page to read and share, to this folder.")] = None,
    testbed: Annotated[
        Path | None, typer.Option(help="Folder with passages.jsonl and questions.jsonl: how the encoder does on other texts.")
    ] = None,
) -> None:
    """Ask a question set and print the scoreboard, its gates last.

    Exit status: 0 every gate of the set holds, 5 one does not, 1 anything else.
    """
    settings = _settings()
    from bot.evaluation import check_targets, read_plan, write_json
    from bot.evaluation import evaluate as run
    from bot.opening import open_bot
    from bot.scoreboard import scoreboard

    plan = read_plan(questions, testbed)
    check_targets(json_file, report)
    with progress_bar() as progress:
        bot = open_bot(settings, progress=partial(progress, EMBEDDING), say=say)
        try:
            done = run(bot, plan, progress=partial(progress, "Asking"))
        finally:
            bot.close()
    if json_file:
        write_json(done, json_file)
    if report:
        from bot.report import write_report

        write_report(done, report)
    print(scoreboard(done))
    raise typer.Exit(0 if done.holds else 5)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what is installed and whether it can answer; each failing line says what to do."""
    from bot.doctor import examine

    checks = examine()
    healthy = all(check.ok for check in checks)
    if as_json:
        print(json.dumps({"healthy": healthy, "checks": [check.as_dict() for check in checks]}, ensure_ascii=False, indent=2))
    else:
        from bot.render import printable

        for check in checks:
            print(printable(check.line()))
    raise typer.Exit(0 if healthy else 1)


@app.command()
def tune(
    bank: Annotated[Path | None, typer.Option(help="The question bank; default: the one beside the article.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the result; default: beside the article, where it is used.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tune the encoder on a question bank and fit when to keep silent; takes about an hour on two cores."""
    settings = _settings()
    from bot.fitting import Fit, default_out
    from bot.privacy import keep_to_this_machine
    from ingest.bank import bank_path
    from ingest.documents import source_paths
    from ingest.errors import SourceError
    from ingest.tuning import Recipe
    from ingest.weights import find_weights

    keep_to_this_machine()
    sources = source_paths(settings.docs) if settings.docs.is_dir() else []
    if len(sources) != 1:
        raise SourceError(f"{settings.docs} holds {len(sources)} sources: tuning is for one; name its folder in CANCER_BOT_DOCS.")
    with progress_bar() as progress:
        fit = Fit(sources[0], bank or bank_path(sources[0]), find_weights(settings.embedding_model), Recipe(), progress)
        manifest = fit.run(out or default_out(sources[0]))
    if as_json:
        print(manifest.model_dump_json(indent=2))
        return
    print(f"Tuned on {manifest.questions} answerable questions and {manifest.near_misses} near-misses.")
    for name, value in manifest.figures.items():
        print(f"  {name:<24} {value:.3f}")
