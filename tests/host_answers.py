"""A host's engine under test: what it answers, and whether a plain `generate()` would have said the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import torch
from transformers import PreTrainedModel

from backends.host.engine import Engine
from backends.host.jobs import Job
from backends.host.recording import Record
from backends.host.scheduler import Scheduler
from backends.host.turns import Pace
from context.clock import Clock
from tests.fake_clock import FakeClock
from tests.host_models import tiny

CLOSE = 1e-4
"""Where the two best logits lie closer, the order of additions decides, and either token is right."""
LONGEST = 300
"""Tokens that recorded passes are made for; the tiny models hold more."""
PACE = Pace(alone=48, beside=16, rows=32)
"""Pieces so small that a prompt of a test takes several."""


@asynccontextmanager
async def hosting(
    model: PreTrainedModel | str,
    *,
    pace: Pace = PACE,
    cache_bytes: int = 1 << 26,
    drafts: bool = True,
    clock: Clock | None = None,
    record: Record | None = None,
) -> AsyncIterator[Scheduler]:
    """A scheduler of `model`, or of the tiny one of a family. Time stands still, so that no draft seems to cost anything."""
    made = tiny(model) if isinstance(model, str) else model
    engine = Engine.of(made, threads=1, cache_bytes=cache_bytes, longest=LONGEST, record=record)
    scheduler = Scheduler(engine, clock or FakeClock(), pace=pace, drafts=drafts)
    try:
        yield scheduler
    finally:
        await scheduler.close()


async def ask(scheduler: Scheduler, ids: Sequence[int], tokens: int = 12, **more: object) -> list[int]:
    return [token async for token in scheduler.run(Job(tuple(ids), tokens, **more))]  # type: ignore[arg-type]


def generated(model: PreTrainedModel, ids: Sequence[int], tokens: int = 12) -> list[int]:
    """What transformers' `generate()` says to the same token ids, up to where two tokens are as good as each other."""
    out = model.generate(
        torch.tensor([list(ids)]),
        max_new_tokens=tokens,
        do_sample=False,
        return_dict_in_generate=True,
        output_logits=True,
    )
    answer: list[int] = out.sequences[0, len(ids) :].tolist()
    for at, logits in enumerate(out.logits):
        best = logits[0].topk(2).values
        if best[0] - best[1] <= CLOSE:
            return answer[:at]
    return answer


def is_greedy(model: PreTrainedModel, ids: Sequence[int], answer: Sequence[int]) -> bool:
    """Whether each token of the answer is the likeliest after all before it, by one pass of the plain model over the whole."""
    with torch.inference_mode():
        logits = model(torch.tensor([[*ids, *answer]])).logits[0, len(ids) - 1 : -1]
    chosen = logits.gather(1, torch.tensor(answer)[:, None])[:, 0]
    return bool((logits.max(-1).values - chosen <= CLOSE).all())
