"""The article's sentences in plainer words, where a language model is configured: written, checked, or left as they are."""

from collections.abc import Sequence

from bot.faithful.check import Checker
from bot.reply import Citation, CitedSentence
from bot.writer import Writer


class PlainWords:
    """Lets a writer reword an answer and keeps only what the check lets through."""

    def __init__(self, writer: Writer, checker: Checker) -> None:
        """Join both."""
        self._writer = writer
        self._checker = checker

    def reworded(
        self, question: str, citations: Sequence[Citation], needed: int | None = None
    ) -> tuple[CitedSentence, ...] | None:
        """The answer in written sentences that cite by number; None where the article's own words are to be shown.

        `needed`: the number of the citation that answers best; an answer that lost it is none.
        """
        quotes = {citation.number: citation.quote for citation in citations}
        draft = self._writer.write(question, [quotes[number] for number in sorted(quotes)])
        if draft is None or not draft.sentences:
            return None
        # A number that is not there makes the sentence fall; it is not read as another one.
        there = [one for one in draft.sentences if set(one.cites) <= quotes.keys()]
        pairs = [(" ".join(quotes[number] for number in sorted(set(one.cites))), one.text) for one in there]
        verdicts = self._checker.verdicts(pairs)
        kept = tuple(
            CitedSentence(text=one.text, verbatim=one.text in quotes.values(), citations=tuple(sorted(set(one.cites))))
            for one, verdict in zip(there, verdicts, strict=True)
            if verdict.holds
        )
        return kept if any(needed is None or needed in sentence.citations for sentence in kept) else None
