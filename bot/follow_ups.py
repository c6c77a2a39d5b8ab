"""The step that makes a question stand alone.

An encoder that was tuned on conversations reads the question after the lines before it; for any other the rules put the subject
into it. Where a language model is configured and to be believed, it rewrites the question.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.conversation import Known, Standalone, followed, standalone
from bot.language_model import Answer
from bot.rewriting import IMPLAUSIBLE, NOT_ASKED, REWRITTEN, Rewriter, Rewritten, is_plausible, may_be_asked
from bot.spelling import Speller
from bot.steps import note, tell
from bot.triage import readable_previous
from bot.turn import Turn


class FollowUps:
    """Makes questions stand alone."""

    def __init__(self, speller: Speller, known: Known, rewriter: Rewriter | None = None, *, tuned: bool = False) -> None:
        """`known`: whether the documents have a word. `rewriter`: the model, if any. `tuned`: the encoder reads conversations."""
        self._speller = speller
        self._known = known
        self._rewriter = rewriter
        self._tuned = tuned

    def looked_up(self, question: str, previous: Sequence[str]) -> Standalone:
        """What is looked up without a language model."""
        if not self._tuned:
            return self.by_rules(question, previous)
        return followed(self._corrected(question), [self._corrected(line) for line in previous])

    def by_rules(self, question: str, previous: Sequence[str]) -> Standalone:
        """Spelling first: a misspelt subject is to be found in an earlier line, too."""
        return standalone(self._corrected(question), [self._corrected(line) for line in previous], self._known)

    def standing_alone(self, turn: Turn) -> Turn:
        """The turn with its stand-alone question."""
        previous, turn, model = self._ruled(turn)
        return self._standing(turn, previous, model.rewritten(turn.question, previous) if model else None)

    async def standing_alone_async(self, turn: Turn) -> Turn:
        """The same for an event loop."""
        previous, turn, model = self._ruled(turn)
        return self._standing(turn, previous, await model.rewritten_async(turn.question, previous) if model else None)

    def _ruled(self, turn: Turn) -> tuple[tuple[str, ...], Turn, Rewriter | None]:
        """The earlier questions, the turn as it is without a model, and the model where it is to be asked."""
        previous = readable_previous(turn.previous)
        ruled, looked_up = self.by_rules(turn.question, previous), self.looked_up(turn.question, previous)
        turn = replace(turn, standalone=looked_up.question, by_rules=ruled.question, told=ruled.question, more=looked_up.more)
        # Who is in danger does not wait for a model, and none is told of it.
        if self._rewriter is None or turn.assessment.level.is_danger:
            return previous, turn, None
        return previous, turn, self._rewriter if may_be_asked(self._corrected(turn.question), previous, ruled) else None

    def _standing(self, turn: Turn, previous: Sequence[str], answer: Answer[Rewritten] | None) -> Turn:
        """With the model's question where there is one to be believed."""
        became = NOT_ASKED if answer is None else str(answer.failure)
        if answer and answer.value:
            lines = (*previous, *(self._corrected(line) for line in (turn.question, *previous)))
            believed = is_plausible(answer.value.question, turn.question, lines)
            became = REWRITTEN if believed else IMPLAUSIBLE
            rewritten = self._corrected(answer.value.question)
            turn = replace(turn, standalone=rewritten, told=rewritten) if believed else turn
        note(became=became, more=turn.more)
        tell(standalone=turn.standalone)
        return turn

    def _corrected(self, line: str) -> str:
        return self._speller.corrected(line)
