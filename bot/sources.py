"""`cancer-bot text`: a source's text as citations count it; what it needs is imported when it runs."""

import sys
from typing import Annotated

import typer


def text(name: Annotated[str, typer.Argument(help="A source's name, as citations give it.")]) -> None:
    """Print a source's text, letter for letter: the offsets of a citation count its characters."""
    from bot.settings import read_settings
    from ingest.documents import named_document
    from ingest.extracted import FOLDER

    settings = read_settings()
    document = named_document(settings.docs, name, texts=settings.index / FOLDER)
    sys.stdout.buffer.write(document.text.encode())
