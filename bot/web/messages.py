"""Replies as the messages of the chat, in HTML.

What was typed is escaped; a message has no line breaks, so that the chat component takes it for one block of HTML and looks
for no Markdown in it.
"""

import datetime
import re
from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from bot.render import place_in_source, printable, source_lines
from bot.reply import Citation, CitedSentence, Outcome, Reply
from bot.web.article import Sections, citation_target
from bot.web.terms import Glossary
from bot.wording import joined
from prompts import labels, text

# A number to call, with what people put between its digits: 911, 9-8-8, 116 123; not 100.4.
_NUMBER = re.compile(r"(?<![\w.-])(?P<sms>(?<= to ))?\d(?:[ -]?\d){2,}(?![\w-]|\.\d)")

# Kinds of reply are told apart by a word and a sign, not by colour alone.
SIGNS = {
    "answered": "❝",
    "not_in_article": "∅",
    "emergency": "⚠",
    "crisis": "⚠",
    "conversation": "i",
    "invalid": "?",
    "problem": "!",
    "pending": "…",
}


class Messages:
    """Renders replies for the chat. `documents`: their names in the order of the page; `sections`: where titles lead."""

    def __init__(self, documents: list[str], sections: Sections, glossary: Glossary) -> None:
        """Keep what links lead to."""
        self._documents = documents
        self._sections = sections
        self._glossary = glossary

    def asked(self, question: str) -> str:
        """What a person typed."""
        return _one_line(Markup('<div class="asked">{}</div>').format(printable(question)))

    def replied(self, reply: Reply) -> str:
        """A reply with its kind, its sentences and their citations, where to read on, and the age of the source."""
        said_before, said_after = _around_the_cited(reply)
        before = [_paragraphs(said_before, calls=_is_urgent(reply))] if said_before else []
        # What the program says itself never stands under "From the article".
        lead, parts = (before, []) if reply.outcome is Outcome.ANSWERED else ([], before)
        parts += self._sentences(reply)
        if any(not sentence.verbatim for sentence in reply.sentences):
            parts.append(Markup('<p class="written">{}</p>').format(text("written")))
        parts += [_paragraphs(said_after)] if said_after else []
        parts += self._read_on(reply)
        today = datetime.datetime.now().astimezone().date()
        parts += [Markup('<p class="source">{}</p>').format(line) for line in source_lines(reply, today)]
        return _framed(reply.outcome, parts, lead)

    def problem(self, line: str) -> str:
        """What went wrong and what to do."""
        return _framed("problem", [_paragraphs(line)])

    def pending(self) -> str:
        """While an answer is looked for."""
        return _framed("pending", [_paragraphs(labels("page")["looking"])])

    def _sentences(self, reply: Reply) -> Iterator[Markup]:
        section_of = {citation.number: citation.section for citation in reply.citations}
        link_to = {citation.number: _link(citation, citation_target(citation, self._documents)) for citation in reply.citations}
        done: set[str] = set()
        paragraph: list[Markup] = []
        shown: tuple[str, ...] | None = None
        for sentence in _cited(reply):
            section = section_of[sentence.citations[0]]
            if section != shown and paragraph:
                yield _quoted(paragraph)
                paragraph = []
            shown = section
            links = Markup(" ").join(link_to[number] for number in sentence.citations)
            paragraph.append(Markup("{} {}").format(self._glossary.linked(sentence.text, done), links))
        if paragraph:
            yield _quoted(paragraph)

    def _read_on(self, reply: Reply) -> Iterator[Markup]:
        if reply.outcome not in (Outcome.ANSWERED, Outcome.NOT_IN_ARTICLE) or not reply.related:
            return
        in_document = {citation.section[-1]: citation.document for citation in reply.citations}
        targets = [(title, self._sections.id(title, in_document.get(title))) for title in reply.related]
        links = [Markup('<li><a class="section" href="#{}">{}</a></li>').format(id, title) for title, id in targets if id]
        if links:
            lead = labels("page")["read_on"] if reply.outcome is Outcome.ANSWERED else text("sections")
            yield Markup('<p class="read-on">{}</p><ul>{}</ul>').format(lead, Markup("").join(links))


def _cited(reply: Reply) -> Sequence[CitedSentence]:
    return reply.sentences or reply.nearest


def _around_the_cited(reply: Reply) -> tuple[str, str]:
    """What the answer says before its cited sentences and after them; all of it before where there are none."""
    cited = joined(_cited(reply), reply.citations)
    before, _, after = reply.answer.partition(cited) if cited else (reply.answer, "", "")
    return before.strip(), after.strip()


def _is_urgent(reply: Reply) -> bool:
    return reply.outcome in (Outcome.EMERGENCY, Outcome.CRISIS) or bool(reply.flags)


def _link(citation: Citation, target: str) -> Markup:
    return Markup('<a class="citation" href="#{}" title="{}"><span class="unseen">{} </span>{}</a>').format(
        target, f"{citation.title}{place_in_source(citation)}", labels("page")["citation"], citation.number
    )


def _quoted(sentences: Sequence[Markup]) -> Markup:
    return Markup('<p class="quoted">{}</p>').format(Markup(" ").join(sentences))


def _paragraphs(said: str, *, calls: bool = False) -> Markup:
    shown = _callable if calls else escape
    return Markup("").join(Markup("<p>{}</p>").format(shown(printable(part))) for part in said.split("\n\n"))


def _callable(said: str) -> Markup:
    """With numbers to call as links, so that a tap on a telephone calls them."""
    here, parts = 0, []
    for match in _NUMBER.finditer(said):
        # "Text HELLO to 50808": that number takes messages.
        scheme = "tel" if match["sms"] is None else "sms"
        link = Markup('<a href="{}:{}">{}</a>').format(scheme, re.sub(r"\D", "", match[0]), match[0])
        parts += [escape(said[here : match.start()]), link]
        here = match.end()
    return Markup("").join([*parts, escape(said[here:])])


def _framed(kind: str, parts: Sequence[Markup], lead: Sequence[Markup] = ()) -> str:
    heading = Markup('<p class="kind"><span class="sign">{}</span> {}</p>').format(SIGNS[kind], labels("kinds")[kind])
    inside = Markup("").join([*lead, heading, *parts])
    return _one_line(Markup('<div class="reply {}">{}</div>').format(kind, inside))


def _one_line(html: Markup) -> str:
    return str(html).replace("\n", "<br>")
