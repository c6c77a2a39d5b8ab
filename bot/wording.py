"""How the parts of a reply are put into words: sentences with their numbers, leads, hints, the region's phone numbers."""

from collections.abc import Sequence

from bot.reply import Citation, CitedSentence, Flag, Reply, Source
from bot.safety.regions import Region
from ingest.documents import Document
from prompts import text


def safety_text(name: str, region: Region) -> str:
    """A text of `prompts/` with the phone numbers of a region."""
    urgent = f" {region.urgent}" if region.urgent else ""
    return text(name).format(emergency=region.emergency, crisis=region.crisis, urgent=urgent)


def led(reply: Reply, lead: str, flag: Flag) -> Reply:
    """The reply with a text before its answer, and a flag."""
    return reply.model_copy(update={"answer": f"{lead}\n\n{reply.answer}", "flags": (*reply.flags, flag)})


def followed(reply: Reply, hint: str, flag: Flag) -> Reply:
    """The reply with a text after its answer, and a flag."""
    return reply.model_copy(update={"answer": f"{reply.answer}\n\n{hint}", "flags": (*reply.flags, flag)})


def joined(sentences: Sequence[CitedSentence], citations: Sequence[Citation]) -> str:
    """The sentences with their numbers; a new paragraph where the section changes."""
    section_of = {citation.number: citation.section for citation in citations}
    parts: list[str] = []
    for number, sentence in enumerate(sentences):
        changed = number and section_of[sentence.citations[0]] != section_of[sentences[number - 1].citations[0]]
        marks = "".join(f"[{cited}]" for cited in sentence.citations)
        parts.append(("\n\n" if changed else " " if number else "") + f"{sentence.text} {marks}")
    return "".join(parts)


def writable(question: str) -> str:
    """Half a character can't be written as JSON; it is shown as the sign for one that could not be read."""
    return question.encode("utf-8", errors="replace").decode()


def source_of(document: Document) -> Source:
    """What a reply says of the document that it rests on."""
    return Source(publisher=document.sidecar.publisher, revised=document.sidecar.revised, sha256=document.sha256)
