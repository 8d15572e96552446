"""One run of all measures: `generate()` first, then the same model in the engine's hands."""

from __future__ import annotations

import asyncio
import os
import platform
from importlib.metadata import version
from random import Random
from statistics import median
from typing import Any

from backends.host import yardsticks
from backends.host.engine import Engine
from backends.host.jobs import Job
from backends.host.scheduler import Scheduler
from editors.headless.host_bench.subject import LONGEST, Say, Subject, Took, Watched, resident

KEYS = 12
"""Keystrokes of which the median is told."""


def measure(
    subject: Subject, context: int, tokens: int, editors: list[int], *, generate: bool, say: Say
) -> dict[str, Any]:
    """Seconds, bytes and tokens a second by name; each time as {"wall": …, "cpu": …}."""
    random = Random(1)
    ids = [random.randrange(1000, 30_000) for _ in range(context)]
    found: dict[str, Any] = {
        "shape": subject.shape,
        "weights": subject.weights,
        "context": context,
        "tokens": tokens,
        "machine": f"{platform.machine()}, {os.cpu_count()} processors",
        "load": os.getloadavg()[0],
        "torch": version("torch"),
    }
    subject.say("Measuring the memory.")
    found["bandwidth"] = bandwidth(subject)
    if generate:
        say("Measuring generate().")
        found["generate"] = of_generate(subject, ids, tokens)
    engine = subject.engine(max(LONGEST, context + tokens + KEYS))
    found["threads"] = engine.threads
    found["bytes_per_token"] = yardsticks.bytes_per_token(subject.model) + context * engine.reader.bytes_per_token
    found["limit"] = found["bandwidth"] / found["bytes_per_token"]
    found["host"] = asyncio.run(_of_host(subject, engine, ids, tokens, editors, say))
    found["memory"] = resident()
    found["memory of the GPU"] = yardsticks.held(subject.model.device)
    return found


def bandwidth(subject: Subject) -> float:
    """Bytes a second, the best of six."""
    read = yardsticks.reading(subject.model.device)
    best = 0.0
    for _ in range(6):
        began = Took.now()
        best = max(best, read() / Took.since(began).wall)
    return best


def of_generate(subject: Subject, ids: list[int], tokens: int) -> dict[str, Any]:
    """The first token costs the same at every keystroke: nothing is kept."""
    write = yardsticks.generating(subject.model, ids)
    write(1)
    began = Took.now()
    write(1)
    first = Took.since(began)
    began = Took.now()
    write(1 + tokens)
    whole = Took.since(began)
    return {
        "first": _told(first),
        "token": _told(Took((whole.wall - first.wall) / tokens, (whole.cpu - first.cpu) / tokens)),
    }


async def _of_host(
    subject: Subject, engine: Engine, ids: list[int], tokens: int, editors: list[int], say: Say
) -> dict[str, Any]:
    scheduler = subject.scheduler(engine)
    found: dict[str, Any] = {}
    try:
        await _first(scheduler, ids[: len(ids) // 4], "warm")
        say("Measuring the first token.")
        found["cold"] = _told(await _first(scheduler, ids, "a"))
        keys = [await _first(scheduler, [*ids, *range(500, 501 + at)], "a") for at in range(KEYS)]
        found["keystroke"] = _told(_median(keys))
        found["keystroke worst"] = max(key.wall for key in keys)
        for count in editors:
            say(f"Measuring {count} editors.")
            found[f"editors {count}"] = await _together(scheduler, ids, tokens, count)
        say("Measuring how soon a cancelled answer is let go.")
        watched: Any = engine.reader
        found["cancel writing"] = median([await _cancel(scheduler, watched, ids, "a", 3) for _ in range(5)])
        backwards = ids[::-1]
        found["cancel reading"] = median(
            [await _cancel(scheduler, watched, [at, *backwards], f"b{at}", 0) for at in range(3)]
        )
        found["cache bytes"] = scheduler.load().cache_bytes
    finally:
        await scheduler.close()
    found["pass of 1"], found["pass of 5"] = (_told(_pass(engine, ids, width)) for width in (1, 5))
    return found


async def _first(scheduler: Scheduler, ids: list[int], document: str) -> Took:
    """From asking to the first token."""
    began = Took.now()
    stream = scheduler.run(Job(tuple(ids), 1, document=document))
    await anext(stream)
    return Took.since(began)


async def _together(scheduler: Scheduler, ids: list[int], tokens: int, count: int) -> dict[str, Any]:
    """Tokens a second of all editors, once each has its first: every editor has a text of its own that begins as the others'."""
    streams = [
        scheduler.run(Job((*ids, 600 + at), tokens + 1, document=f"editor {at}", client=f"editor {at}"))
        for at in range(count)
    ]
    for stream in streams:
        await anext(stream)
    began = Took.now()
    written = sum(await asyncio.gather(*(_rest(stream) for stream in streams)))
    took = Took.since(began)
    return {"rate": written / took.wall, "cpu": took.cpu / written}


async def _rest(stream: Any) -> int:
    return sum([1 async for _ in stream])


async def _cancel(scheduler: Scheduler, watched: Watched, ids: list[int], document: str, after: int) -> float:
    """Seconds from giving up to the end of the pass that was under way; after `after` tokens, or in the middle of the prompt."""
    stream = scheduler.run(Job(tuple(ids), 100, document=document))
    if after:
        for _ in range(after):
            await anext(stream)
    else:
        await watched.passes(len(watched.ends) + 2)
    began = Took.now()
    await stream.aclose()
    await watched.idle()
    return max(0.0, watched.ends[-1] - began.wall)


def _pass(engine: Engine, ids: list[int], width: int) -> Took:
    """One pass over so many new tokens of one text, the median of twelve: what a draft costs."""
    from backends.host.attention import Row

    took = []
    with engine.thread():
        sequence = engine.take(ids, "a", len(ids) + 8)
        if len(sequence.ids) < len(ids) - 1:
            engine.read([Row(sequence, ids[len(sequence.ids) :], 1)])
        length = len(sequence.ids)
        for _ in range(12):
            began = Took.now()
            engine.read([Row(sequence, ids[:width], width)])
            took.append(Took.since(began))
            sequence.crop(length)
        engine.reader.give(sequence)
    return _median(took)


def _median(took: list[Took]) -> Took:
    return Took(median(each.wall for each in took), median(each.cpu for each in took))


def _told(took: Took) -> dict[str, float]:
    return {"wall": took.wall, "cpu": took.cpu}
