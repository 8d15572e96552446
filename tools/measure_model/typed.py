"""Real lines typed key by key: what the host needs to the first token of an answer, beside `generate()` on the whole prompt."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from pathlib import Path
from statistics import median

from backends.host import yardsticks
from backends.host.healing import Healing
from backends.host.jobs import Job
from backends.host.loading import Wanted, load
from backends.host.memory import Precision
from backends.host.prompting import Prompter
from backends.host.scheduler import Scheduler
from context.clock import MonotonicClock
from editors.headless.host_bench.subject import Took
from tools.measure_model.cursors import Cursor
from tools.measure_model.hosted import Hosted

LINES = 12
TOKENS = 24


def measured(folder: Path, cursors: Sequence[Cursor], threads: int) -> Iterator[str]:
    chosen = [cursor for cursor in cursors if len(cursor.typed + cursor.rest) >= 20][:: max(1, len(cursors) // LINES)]
    yield f"{'':28}{'first token, cold':>26}{'after a key':>26}{'a token of the answer':>26}"
    yield f"{'':28}" + f"{'ms':>13}{'of CPU':>13}" * 3
    yield _row("generate(), bf16", _of_generate(folder, chosen[:LINES]))
    for drafts in (False, True):
        hosted = Hosted.of(folder, Precision.INT8, threads)
        took = asyncio.run(_of_host(hosted, chosen[:LINES], drafts=drafts))
        yield _row(f"host, int8{', with drafts' if drafts else ''}", took)


def _of_generate(folder: Path, cursors: Sequence[Cursor]) -> list[Took]:
    loaded = load(Wanted(str(folder.resolve()), precision=Precision.BF16))
    loaded.weights.eval()
    loaded.weights.generation_config.eos_token_id = None
    first, each = [], []
    for cursor in cursors:
        write = yardsticks.generating(loaded.weights, loaded.model.vocabulary.encode(cursor.before))
        began = Took.now()
        write(1)
        first.append(Took.since(began))
        began = Took.now()
        write(1 + TOKENS)
        took = Took.since(began)
        each.append(Took((took.wall - first[-1].wall) / TOKENS, (took.cpu - first[-1].cpu) / TOKENS))
    return [_median(first), _median(first), _median(each)]


async def _of_host(hosted: Hosted, cursors: Sequence[Cursor], *, drafts: bool) -> list[Took]:
    scheduler = Scheduler(hosted.engine, MonotonicClock(), drafts=drafts)
    model = hosted.loaded.model
    prompter = Prompter(model.vocabulary, model.format, 4096)
    cold, key, each = [], [], []
    try:
        for at, cursor in enumerate(cursors):
            line = cursor.typed + cursor.rest
            for typed in range(len(line)):
                prompt = prompter.prompt(cursor.above + line[:typed], cursor.below, max_tokens=TOKENS, document=f"{at}")
                healing = Healing(model.vocabulary, prompt.healed) if prompt.healed else None
                is_last = typed == len(line) - 1
                job = Job(prompt.ids, TOKENS if is_last else 1, document=f"{at}", constraint=healing)
                first, rest, count = await _asked(scheduler, job)
                (key if typed else cold).append(first)
                if is_last and count > 1:
                    each.append(Took(rest.wall / (count - 1), rest.cpu / (count - 1)))
    finally:
        await scheduler.close()
    return [_median(cold), _median(key), _median(each)]


async def _asked(scheduler: Scheduler, job: Job) -> tuple[Took, Took, int]:
    """To the first token, from there to the last, and how many there were."""
    began, count = Took.now(), 0
    first, second = Took(0, 0), began
    answer = scheduler.run(job)
    async with aclosing(answer):
        async for _ in answer:
            count += 1
            if count == 1:
                first, second = Took.since(began), Took.now()
    return first, Took.since(second), count


def _median(took: Sequence[Took]) -> Took:
    return Took(median(each.wall for each in took), median(each.cpu for each in took))


def _row(name: str, took: Sequence[Took]) -> str:
    return f"{name:28}" + "".join(f"{1000 * each.wall:13.1f}{1000 * each.cpu:13.1f}" for each in took)
