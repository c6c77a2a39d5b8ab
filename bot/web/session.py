"""A conversation as the browser keeps it: its replies as JSON. The server keeps none."""

from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from bot.reply import Outcome, Reply
from bot.verification import resolves
from ingest.documents import Document

# A conversation is carried to and fro with each question; its oldest turns go when it gets longer than a long evening's.
LONGEST = 60
_REPLIES: TypeAdapter[tuple[Reply, ...]] = TypeAdapter(tuple[Reply, ...])

EMPTY = "[]"


def read(session: str, documents: Sequence[Document]) -> tuple[Reply, ...]:
    """The replies of a session. Nothing where it can't be read, and no reply whose citations are not the documents' words.

    What comes from a browser may be old, broken or forged; what is shown or printed is checked again.
    """
    try:
        replies = _REPLIES.validate_json(session or EMPTY)
    except ValidationError:
        return ()
    named = {document.name: document for document in documents}
    return tuple(reply for reply in replies if all(resolves(citation, named) for citation in reply.citations))


def written(replies: Sequence[Reply]) -> str:
    """The replies as the browser keeps them."""
    return _REPLIES.dump_json(tuple(replies[-LONGEST:])).decode()


def questions(replies: Sequence[Reply]) -> tuple[str, ...]:
    """The earlier questions that a follow-up may lean on, oldest first."""
    return tuple(reply.question for reply in replies if reply.outcome is not Outcome.INVALID)
