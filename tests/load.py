"""Many people at once on the real server: `python -m tests.load --people 64 --minutes 10 --json FILE`.

Starts `cancer-bot serve` on this machine and asks through its named endpoint as Gradio's own clients do: a POST that joins the
queue, and server-sent events until the reply is there. Every reply is compared, all but its time, with the one that the same
server gave to one person alone; those are held to the section that stands beside each subject below. The follow-ups are the same
words for every subject, so an answer out of another person's conversation is a wrong one. Asks from this machine, so the figures
hold what the asking costs, too.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from bot.web.chat import AT_A_TIME, WAITING
from prompts import labels
from tests.figures_of_load import MIB, Sample, figures
from tests.served import Served, serving

# A subject and the section of the article that every answer about it cites.
SUBJECTS = (
    ("radiofrequency ablation", "Ablative techniques for advanced cancer"),
    ("a colostomy", "Surgery to relieve symptoms and improve your life"),
    ("angiography", "Surgery to stop bleeding"),
    ("hormone therapy", "Hormone therapy"),
    ("immunotherapy", "Immunotherapy"),
    ("chemotherapy", "Chemotherapy"),
    ("a clinical trial", "Clinical trials"),
    ("palliative radiation", "Radiation therapy for advanced cancer"),
    ("targeted therapy", "Targeted therapy"),
    ("a fracture", "Surgery to prevent or treat broken bones"),
    ("systemic therapy", "Making treatment choices"),
    ("cryoablation", "Ablative techniques for advanced cancer"),
    ("an endoscope", "Surgery to stop bleeding"),
    ("a bowel blockage", "Surgery to relieve symptoms and improve your life"),
    ("radioactive iodine", "Radiopharmaceuticals"),
    ("spinal cord surgery", "Surgery to treat cancer that’s pressing on the spinal cord"),
)
TURNS = ("What is {}?", "What is it used for?", "And what does it do?")
BEGIN = TURNS[0].format(SUBJECTS[0][0])
BUSY = labels("problems")["busy"]
BURST = 2 * (AT_A_TIME + WAITING)

# Mean pause before a next question, exponential, in seconds; and how often it is said how far the test is.
THINK, TOLD = 5.0, 10

# Who has no answer by then counts as an error, in seconds.
PATIENCE = 60.0

Alone = dict[tuple[int, int], dict[str, Any]]


@dataclass(frozen=True)
class Answer:
    """What came back: a reply, or what was said instead. `seconds` from the question to it."""

    seconds: float
    reply: dict[str, Any] | None = None
    said: str = ""

    @property
    def busy(self) -> bool:
        return self.said == BUSY


@dataclass
class Crowd:
    """Everybody who asks one server, and what they got."""

    address: str
    client: httpx.AsyncClient
    think: float
    alone: Alone = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    async def ask(self, session: str, subject: int, turn: int) -> Answer:
        """One question of one browser's session, after those before it in its conversation."""
        *previous, question = [one.format(SUBJECTS[subject][0]) for one in TURNS[: turn + 1]]
        begun = time.perf_counter()
        try:
            event, data = await asyncio.wait_for(self._exchange(session, [question, previous]), PATIENCE)
        except (httpx.HTTPError, TimeoutError) as error:
            return Answer(time.perf_counter() - begun, said=f"{type(error).__name__}: {error}")
        seconds = time.perf_counter() - begun
        if event == "complete":
            return Answer(seconds, reply={**data[0], "milliseconds": 0})
        return Answer(seconds, said=str(data.get("error") if isinstance(data, dict) else data))

    async def _exchange(self, session: str, data: list[Any]) -> tuple[str, Any]:
        """Join the queue, then read events until one is final: its name and its data."""
        place = f"{self.address}/gradio_api/call/ask"
        joined = await self.client.post(place, json={"data": data, "session_hash": session})
        if joined.is_error:
            return "error", {"error": joined.json().get("detail", joined.text)}
        event = ""
        async with self.client.stream("GET", f"{place}/{joined.json()['event_id']}") as stream:
            async for line in stream.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    event = value
                elif name == "data" and event in {"complete", "error"}:
                    return event, json.loads(value)
        raise httpx.RemoteProtocolError("the stream ended without a reply")

    async def learn(self) -> None:
        """Ask everything once, alone; what the others are told has to be the same."""
        for subject, (name, section) in enumerate(SUBJECTS):
            for turn in range(len(TURNS)):
                reply = (await self.ask("alone", subject, turn)).reply
                cited = {citation["section"][-1] for citation in reply["citations"]} if reply else set()
                if not reply or reply["outcome"] != "answered" or section not in cited:
                    raise AssertionError(f"{name}, {TURNS[turn]}: {reply and reply['answer']!r} does not cite {section!r}")
                self.alone[subject, turn] = reply

    def judge(self, answer: Answer, subject: int, turn: int) -> None:
        """Keep an answer; a reply that is not the one to this person's own question in their own conversation is wrong."""
        self.answers.append(answer)
        if answer.reply and answer.reply != self.alone[subject, turn]:
            self.wrong.append(f"{SUBJECTS[subject][0]}, {TURNS[turn]} got {answer.reply['question']}: {answer.reply['answer']}")

    async def person(self, number: int, end: float) -> None:
        """One conversation after another, a subject each, until the time is up; told to wait, they ask once more."""
        seed = random.Random(number)  # noqa: S311 (pauses, not secrets)
        await asyncio.sleep(seed.uniform(0, self.think))
        subject, turn, conversation = number % len(SUBJECTS), 0, 0
        while time.perf_counter() < end:
            answer = await self.ask(f"{number}-{conversation}", subject, turn)
            self.judge(answer, subject, turn)
            if answer.reply:
                turn = (turn + 1) % len(TURNS)
                conversation += turn == 0
                subject = (number + 5 * conversation) % len(SUBJECTS)
            pause = seed.expovariate(1 / self.think) if self.think else 0
            await asyncio.sleep(max(0.0, min(pause, end - time.perf_counter())))

    async def burst(self, size: int) -> list[Answer]:
        """So many questions in one moment."""
        places = [(number % len(SUBJECTS), number % len(TURNS)) for number in range(size)]
        answers = await asyncio.gather(*[self.ask(f"burst-{number}", *place) for number, place in enumerate(places)])
        for answer, place in zip(answers, places, strict=True):
            self.judge(answer, *place)
        return list(answers)


async def watch(crowd: Crowd, process: psutil.Process, samples: list[Sample]) -> None:
    """The server's memory every second, until cancelled; now and then a word on stderr."""
    begun = time.perf_counter()
    while True:
        samples.append(Sample(time.perf_counter() - begun, len(crowd.answers), process.memory_info().rss))
        if len(samples) % TOLD == 0:
            sys.stderr.write(f"\r  {samples[-1].seconds:.0f} s, {samples[-1].answered} questions ")
        await asyncio.sleep(1)


async def run(served: Served, people: int, seconds: float, think: float, burst: int) -> dict[str, Any]:
    """Learn what is right, let everybody ask, then all of a burst at once; returns the figures."""
    limits, samples = httpx.Limits(max_connections=None, max_keepalive_connections=people), list[Sample]()
    async with httpx.AsyncClient(limits=limits, timeout=PATIENCE, trust_env=False) as client:
        crowd = Crowd(served.address, client, think)
        sys.stderr.write(f"Load: {people} people for {seconds:.0f} s\n")
        await crowd.learn()
        process = psutil.Process(served.process.pid)
        watching = asyncio.create_task(watch(crowd, process, samples))
        worked = sum(process.cpu_times()[:2])
        end = time.perf_counter() + seconds
        await asyncio.gather(*[crowd.person(number, end) for number in range(people)])
        asked = list(crowd.answers)
        worked = sum(process.cpu_times()[:2]) - worked
        at_once = await crowd.burst(burst)
        watching.cancel()
        sys.stderr.write("\n")
    setting = {"people": people, "seconds": seconds, "think_s": think}
    setting |= {"server_cpu_ms_per_question": round(worked * 1000 / max(1, len(asked)), 1)}
    memory = [(round(sample.seconds, 1), round(sample.rss / MIB, 1)) for sample in samples]
    return setting | figures(asked, at_once, crowd.wrong, samples, seconds) | {"memory": memory}


def measured(people: int, seconds: float, think: float, burst: int = BURST, index: Path | None = None) -> dict[str, Any]:
    """The figures of one server that is started, asked and stopped.

    Without an index one is built before, in another process: what that takes would be counted as the server's memory.
    """
    with tempfile.TemporaryDirectory() as folder:
        if index is None:
            index = Path(folder) / "index"
            environment = {**os.environ, "CANCER_BOT_INDEX": str(index)}
            subprocess.run([sys.executable, "-m", "bot", "ask", BEGIN], check=True, capture_output=True, env=environment)
        with serving(index, Path(folder)) as served:
            return asyncio.run(run(served, people, seconds, think, burst))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description="Many people at once on the real server.")
    parser.add_argument("--people", type=int, default=64)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--think", type=float, default=THINK, help="mean pause before a next question, exponential, in seconds")
    parser.add_argument("--burst", type=int, default=BURST, help="questions in one moment at the end")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    given = parser.parse_args(arguments)
    done = measured(given.people, given.minutes * 60, given.think, given.burst)
    if given.json:
        given.json.write_text(json.dumps(done, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    del done["memory"]
    for name, value in done.items():
        print(f"| {name:<32} | {value!s:>10} |")
    return 1 if done["errors"] or done["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
