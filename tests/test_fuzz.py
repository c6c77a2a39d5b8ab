"""Whatever is typed, the reply keeps its promises: some hundred of the inputs that `make fuzz` asks by the thousand."""

from bot.chain import Bot
from tests.fuzz import fuzz


def test_no_input_breaks_a_promise(bot: Bot) -> None:
    outcomes = fuzz(bot, 400, seed=1)
    assert sum(outcomes.values()) == 400
    assert len(outcomes) > 3
