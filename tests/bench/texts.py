"""Folders of sources of any size, made of real sentences: the project's own, or those of a file."""

import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

SEED = 7

# Sentences of a passage, and passages of a file: a change of one sentence changes one file.
SENTENCES, TOGETHER = 5, 50

# What `change` puts before a passage.
NEW = "Sentence {number} of change {change} is new."

_END = re.compile(r"(?<=[.!?])\s+")


def sentences_of(texts: Sequence[str]) -> list[str]:
    """Every sentence of the texts once, in their order."""
    found = (" ".join(sentence.split()) for text in texts for sentence in _END.split(text))
    return list(dict.fromkeys(sentence for sentence in found if len(sentence) > 20))


def own_sentences() -> list[str]:
    """Those of the article and of the texts on other subjects that ship with the program."""
    from bot.settings import packaged_docs
    from ingest.general import general_texts

    articles = [file.read_text(encoding="utf-8") for file in sorted(packaged_docs().glob("*.txt"))]
    return sentences_of([*articles, *general_texts()])


def sentences_from(file: Path) -> list[str]:
    """Those of JSON Lines with a field `text`, as corpora for the evaluation of retrieval have it."""
    lines = file.read_text(encoding="utf-8").split("\n")
    return sentences_of([json.loads(line)["text"] for line in lines if line.strip()])


def passages(sentences: Sequence[str], count: int) -> Iterator[str]:
    """So many passages, no sentence twice: first the sentences as they are, then the halves of two put together."""
    draw = random.Random(SEED)  # noqa: S311 (a sample, no secret)
    different = _different(sentences, draw)
    for _ in range(count):
        yield " ".join(next(different) for _ in range(SENTENCES))


def _different(sentences: Sequence[str], draw: random.Random) -> Iterator[str]:
    yield from sentences
    seen = set(sentences)
    while True:
        one, other = (sentence.split() for sentence in draw.sample(sentences, 2))
        both = " ".join([*one[: len(one) // 2], *other[len(other) // 2 :]])
        if len(both) > 20 and both not in seen:
            seen.add(both)
            yield both


def build(folder: Path, sentences: Sequence[str], count: int) -> None:
    """A folder of sources with so many passages."""
    folder.mkdir()
    every = list(passages(sentences, count))
    for start in range(0, count, TOGETHER):
        (folder / f"part-{start:06}.txt").write_text("\n\n".join(every[start : start + TOGETHER]) + "\n", encoding="utf-8")


def change(folder: Path, count: int, number: int) -> None:
    """Put a new sentence before each of the first `count` passages; `number` tells one change from another."""
    left = count
    for file in sorted(folder.glob("*.txt")):
        every = file.read_text(encoding="utf-8").rstrip("\n").split("\n\n")
        for place in range(min(left, len(every))):
            every[place] = f"{NEW.format(number=left - place, change=number)} {every[place]}"
        left = max(0, left - len(every))
        file.write_text("\n\n".join(every) + "\n", encoding="utf-8")
        if not left:
            return
