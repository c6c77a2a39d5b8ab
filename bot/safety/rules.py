"""The rules of `rules.toml`: which signs of a crisis or an emergency a text names, and in what light."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise

from bot.safety.context import denied, general, over, supposed
from bot.safety.level import Level
from bot.safety.reading import clauses


@dataclass(frozen=True)
class Rule:
    """A sign by its patterns. `explicit`: holds without a person or a "now"; `whatever`: whatever else the clause says."""

    level: Level
    sign: str
    patterns: tuple[re.Pattern[str], ...]
    explicit: bool = False
    whatever: bool = False


@dataclass(frozen=True)
class Sign:
    """A sign that a text names, and the clause that names it. `supposed`: not there yet, but asked about in case it comes."""

    level: Level
    name: str
    supposed: bool
    said: str = ""
    explicit: bool = False


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, crises first."""
    raw = tomllib.loads(resources.files(__package__).joinpath("rules.toml").read_text(encoding="utf-8"))
    words = raw["words"]

    def compiled(pattern: str) -> re.Pattern[str]:
        for name, listed in words.items():
            pattern = pattern.replace(f"{{{name}}}", listed)
        return re.compile(pattern)

    return tuple(
        Rule(
            Level(one["level"]),
            one["sign"],
            tuple(compiled(pattern) for pattern in one["patterns"]),
            one.get("explicit", False),
            one.get("whatever", False),
        )
        for one in raw["rule"]
    )


def signs(text: str) -> tuple[Sign, ...]:
    """The signs that a plain text names, each looked for in every clause and in every two that follow one another."""
    parts = list(clauses(text))
    windows = [*parts, *(f"{one}, {other}" for one, other in pairwise(parts))]
    return tuple(dict.fromkeys(sign for window in windows for sign in _signs(window)))


def _signs(clause: str) -> Iterator[Sign]:
    for rule in rules():
        for match in (match for pattern in rule.patterns for match in pattern.finditer(clause)):
            if rule.whatever and not denied(clause[: match.start()]):
                yield Sign(rule.level, rule.sign, supposed=False, said=clause, explicit=rule.explicit)
            elif not (denied(clause[: match.start()]) or over(clause) or (general(clause) and not rule.explicit)):
                yield Sign(rule.level, rule.sign, supposed(clause), said=clause, explicit=rule.explicit)
