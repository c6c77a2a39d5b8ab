"""“Questions for my visit”: what was asked, as a page that prints well and as Markdown. Made from the browser's own replies."""

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bot.render import long_date, place_in_source, printable, source_lines
from bot.reply import Citation, Outcome, Reason, Reply
from bot.web.templating import rendered
from prompts import labels, text

# What Markdown would take for more than the character that it is.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!])")


@dataclass(frozen=True)
class Sheet:
    """What stands on the sheet: answered questions with their sentences, and questions for the care team."""

    answered: tuple[Reply, ...]
    for_the_team: tuple[str, ...]
    source: str | None
    made: str


def sheet(replies: Sequence[Reply], today: datetime.date) -> Sheet:
    """Sort the replies of a conversation; each question stands once."""
    answered = {_asked(reply): reply for reply in replies if reply.outcome is Outcome.ANSWERED}
    open_questions = dict.fromkeys(line for reply in replies for line in _for_the_team(reply))
    sources = dict.fromkeys(line for reply in replies for line in source_lines(reply, today))
    return Sheet(
        answered=tuple(answered.values()),
        for_the_team=tuple(open_questions),
        source="\n".join(sources) or None,
        made=labels("visit")["made"].format(date=long_date(today)),
    )


def _asked(reply: Reply) -> str:
    """What was asked; a follow-up with what it was understood as, so that it still makes sense on paper."""
    question, standalone = (printable(said.strip()) for said in (reply.question, reply.standalone_question))
    if question.lower() == standalone.lower():
        return question
    return labels("visit")["understood"].format(question=question, standalone=standalone)


def _for_the_team(reply: Reply) -> Iterator[str]:
    words = labels("visit")
    question = _asked(reply)
    if reply.outcome in (Outcome.EMERGENCY, Outcome.CRISIS):
        yield words["urgent"].format(question=question)
    elif reply.reason is Reason.PERSONAL:
        yield words["ask_team_personal"].format(question=question)
    elif reply.reason in (Reason.NOT_COVERED, Reason.UNVERIFIED):
        yield words["ask_team"].format(question=question)


def visit_page(replies: Sequence[Reply], today: datetime.date, session: str) -> Markup:
    """The sheet as a page; `session` is what its buttons send to get it as a file. Typed text is escaped."""
    return rendered(
        "visit.html.j2",
        sheet=sheet(replies, today),
        words=labels("visit"),
        notice=text("notice"),
        where=_where,
        asked=_asked,
        session=session,
    )


def visit_markdown(replies: Sequence[Reply], today: datetime.date) -> str:
    """The sheet as Markdown; what was typed is shown as typed."""
    return "\n".join(_markdown(sheet(replies, today)))


def _markdown(made: Sheet) -> Iterator[str]:
    words = labels("visit")
    yield from (f"# {words['title']}", "", f"{made.made} {words['to_take']}", "")
    yield from (f"**{_plain(text('notice'))}**", "")
    if made.for_the_team:
        yield from (f"## {words['open_questions']}", "")
        for line in made.for_the_team:
            yield from (f"- [ ] {_plain(line)}", "")
    if made.answered:
        yield from (f"## {words['asked']}", "")
        for reply in made.answered:
            yield from (f"### {_plain(_asked(reply))}", "")
            for sentence in reply.sentences:
                marks = "".join(f" ({number})" for number in sentence.citations)
                yield from (f"> {_plain(sentence.text)}{marks}", "")
            yield from (f"({c.number}) {_plain(_where(c))}  " for c in reply.citations)
            yield ""
    if not made.answered and not made.for_the_team:
        yield from (words["nothing"], "")
    yield from (f"## {words['notes']}", "", *["", ""] * 4)
    if made.source:
        yield from (f"## {words['source']}", "", _plain(made.source), "")


def _where(citation: Citation) -> str:
    return " › ".join(citation.section) + place_in_source(citation)


def _plain(said: str) -> str:
    return _MARKDOWN.sub(r"\\\1", " ".join(printable(said).split()))
