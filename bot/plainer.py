"""The article's sentences in plainer words, where a language model is configured: written, checked, or left as they are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.faithful.check import Checker, Verdict
from bot.language_model import Answer
from bot.reply import Citation, CitedSentence
from bot.steps import note, step
from bot.writer import Draft, DraftSentence, Writer

# What became of an answer, beside a model's own failures: written, or why the article's own words are shown.
WRITTEN, NOTHING, ALL_DROPPED, BEST_LOST = "written", "nothing written", "all dropped", "best sentence lost"

# Why a sentence falls before the check reads it: it cites a number that is not there.
NO_SUCH_CITATION = "citation"

# Before the reason, in the notes that count the sentences that fell.
DROPPED = "dropped "


@dataclass(frozen=True)
class Rewording:
    """The answer in written sentences, none where the article's own words are to be shown; what became of it, by name."""

    became: str
    sentences: tuple[CitedSentence, ...] = ()


class PlainWords:
    """Lets a writer reword an answer and keeps only what the check lets through."""

    def __init__(self, writer: Writer, checker: Checker) -> None:
        """Join both."""
        self._writer = writer
        self._checker = checker

    def reworded(self, question: str, citations: Sequence[Citation], needed: int) -> Rewording:
        """The answer in written sentences that cite by number.

        `needed`: the number of the citation that answers best; an answer that lost it is none.
        """
        return self._kept(self._writer.write(question, _quotes(citations)), citations, needed)

    async def reworded_async(self, question: str, citations: Sequence[Citation], needed: int) -> Rewording:
        """The same for an event loop."""
        return self._kept(await self._writer.write_async(question, _quotes(citations)), citations, needed)

    def _kept(self, answer: Answer[Draft], citations: Sequence[Citation], needed: int) -> Rewording:
        if answer.value is None:
            return Rewording(str(answer.failure))
        if not answer.value.sentences:
            return Rewording(NOTHING)
        kept = self._checked(answer.value.sentences, {citation.number: citation.quote for citation in citations})
        if not kept:
            return Rewording(ALL_DROPPED)
        if not any(needed in sentence.citations for sentence in kept):
            return Rewording(BEST_LOST)
        return Rewording(WRITTEN, kept)

    def _checked(self, sentences: Sequence[DraftSentence], quotes: dict[int, str]) -> tuple[CitedSentence, ...]:
        with step("check"):
            # A number that is not there makes the sentence fall; it is not read as another one.
            there = [one for one in sentences if set(one.cites) <= quotes.keys()]
            verdicts = self._verdicts([([quotes[number] for number in sorted(set(one.cites))], one.text) for one in there])
            _note_dropped(verdicts, len(sentences) - len(there))
            return tuple(
                CitedSentence(text=one.text, verbatim=one.text in quotes.values(), citations=tuple(sorted(set(one.cites))))
                for one, verdict in zip(there, verdicts, strict=True)
                if verdict.holds
            )

    def _verdicts(self, written: Sequence[tuple[list[str], str]]) -> list[Verdict]:
        """For each sentence with what it cites; one that is the article's own, letter for letter, needs no check."""
        new = [(" ".join(cited), text) for cited, text in written if text not in cited]
        checked = iter(self._checker.verdicts(new))
        return [Verdict(True) if text in cited else next(checked) for cited, text in written]


def _quotes(citations: Sequence[Citation]) -> list[str]:
    return [citation.quote for citation in sorted(citations, key=lambda citation: citation.number)]


def _note_dropped(verdicts: Sequence[Verdict], without_citation: int) -> None:
    dropped = Counter(verdict.why for verdict in verdicts if not verdict.holds)
    dropped[NO_SUCH_CITATION] += without_citation
    note(sentences=len(verdicts) + without_citation, **{f"{DROPPED}{why}": count for why, count in (+dropped).items()})
