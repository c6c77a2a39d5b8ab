"""What a careful reader compares: numbers, how sure a sentence is, and advice."""

import re
from dataclasses import dataclass

from ingest.words import words

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SPELT = frozenset(
    """one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty hundred thousand million
    half third quarter twice double triple once dozen percent""".split()
)
# "one" stands for a thing more often than for a number.
_NO_COUNT = frozenset({"one"})

_POSSIBLE = re.compile(r"\b(?:may|might|can|could|possibly|possible|perhaps|maybe|able|option|chance|likely|allow\w*|tends?)\b")
_PARTLY = re.compile(
    r"\b(?:some|sometimes|often|usually|many|most|mostly|several|almost|certain|common\w*|general\w*|mainly|typically|few|"
    r"for instance|for example|such as|not always|not everyone|in (?:some|many|most|a few) cases|at times|now and then|"
    r"a lot of)\b"
)
_WHOLLY = re.compile(
    r"\b(?:all|always|every|everyone|everybody|everything|any|only|must|never|none|completely|fully|entirely|totally|"
    r"guarantee\w*|certain(?:ly)? to|definitely|surely|will|cures?|best|safest|safe|no risk|proven)\b"
)
_ADVICE = re.compile(
    r"\b(?:you should|you must|you need|you have to|you ought|should|we recommend|recommend\w*|ask your|try to|avoid|"
    r"stop taking|start taking|you will|will help you|be sure to)\b|(?:^|[.!?]\s)(?:do not|don['’]t)\b"
)


@dataclass(frozen=True)
class Read:
    """A text as the comparison needs it."""

    numbers: frozenset[str]
    possible: int
    partly: int
    wholly: frozenset[str]
    advice: frozenset[str]


def read(said: str) -> Read:
    """Read a text of one or more sentences."""
    plain = said.lower().replace("’", "'")
    every = words(said)
    return Read(
        numbers=frozenset(_NUMBER.findall(plain)) | (_SPELT.intersection(every) - _NO_COUNT),
        possible=len(_POSSIBLE.findall(plain)),
        partly=len(_PARTLY.findall(plain)),
        wholly=frozenset(_WHOLLY.findall(plain)),
        advice=frozenset(_ADVICE.findall(plain)),
    )
