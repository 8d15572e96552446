"""For every family of models: what the engine answers is what `generate()` answers to the same token ids, token for token."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.host.engine import Engine
from backends.host.graphs import Record
from backends.host.jobs import Job
from backends.host.packed import Packed
from backends.host.recurrent import OneByOne
from backends.host.scheduler import Scheduler
from context.clock import MonotonicClock
from tests.host_answers import ask, generated, hosting, is_greedy
from tests.host_models import CONFIGURATIONS, SLOW, tiny
from tests.recorded_on_cpu import record

random = Random(5)
TEXT = [random.randrange(3, 300) for _ in range(20)] * 3 + [random.randrange(3, 300) for _ in range(30)]
"""A prompt that repeats itself, so that drafts are made, and longer than the windows of the tiny models."""
PROMPTS = {
    "cold": TEXT,
    "the same again": TEXT,
    "a letter more": [*TEXT, 7],
    "letters fewer": TEXT[:-9],
    "changed in the middle": [*TEXT[:40], 8, 9, *TEXT[42:]],
    "another text": TEXT[::-1],
    "back again": [*TEXT, 7, 8],
}


@pytest.mark.parametrize("family", [*CONFIGURATIONS, *SLOW])
async def test_answers_are_those_of_generate(family: str) -> None:
    plain = tiny(family)
    async with hosting(family) as scheduler:
        for name, ids in PROMPTS.items():
            right = generated(plain, ids)
            answer = await ask(scheduler, ids, document="a")
            assert answer[: len(right)] == right, name
        load = scheduler.load()
    assert load.cached > 0.25 * load.prompt, "and what was there already was not computed again"


@pytest.mark.parametrize("family", [*CONFIGURATIONS, *SLOW])
async def test_answers_side_by_side_are_those_of_generate(family: str) -> None:
    plain = tiny(family)
    prompts = list(PROMPTS.values())
    async with hosting(family) as scheduler:
        answers = await asyncio.gather(*(ask(scheduler, ids, client=str(at)) for at, ids in enumerate(prompts)))
    for ids, answer in zip(prompts, answers, strict=True):
        right = generated(plain, ids)
        assert answer[: len(right)] == right


@pytest.mark.parametrize("family", CONFIGURATIONS)
def test_plain_attention_is_ours(family: str) -> None:
    assert isinstance(Engine.of(tiny(family), threads=1).reader, Packed)


@pytest.mark.parametrize("family", SLOW)
def test_what_cannot_be_cropped_is_left_to_its_own_cache(family: str) -> None:
    assert isinstance(Engine.of(tiny(family), threads=1).reader, OneByOne)


@pytest.mark.parametrize("family", ["qwen2", "starcoder2"])
async def test_answers_with_hardly_any_memory_are_those_of_generate(family: str) -> None:
    plain = tiny(family)
    one = 256 * Engine.of(tiny(family), threads=1).reader.sequences.layout.bytes_per_token  # type: ignore[attr-defined]
    async with hosting(family, cache_bytes=2 * one) as scheduler:
        for _ in range(2):
            for at in range(4):
                ids = [at + 3, *TEXT]
                right = generated(plain, ids)
                assert (await ask(scheduler, ids, document=str(at)))[: len(right)] == right
        assert scheduler.load().cache_bytes <= 2 * one


@pytest.mark.parametrize("family", ["gemma", "gpt_bigcode", "starcoder2"])
async def test_drafts_that_are_right_change_nothing(family: str) -> None:
    """The end of a model's own answer makes it go on as it did, and what comes next stands earlier in the prompt."""
    plain = tiny(family)
    ids = TEXT[:20] + generated(plain, TEXT[:20], 60)
    right = generated(plain, ids, 40)
    async with hosting(family) as scheduler:
        answer = await ask(scheduler, ids, 40)
        load = scheduler.load()
    assert answer[: len(right)] == right
    assert load.accepted > 0


edits = st.lists(
    st.one_of(
        st.tuples(st.just("type"), st.lists(st.integers(3, 299), min_size=1, max_size=5)),
        st.tuples(st.just("delete"), st.integers(1, 30)),
        st.tuples(st.just("insert"), st.floats(0, 1), st.lists(st.integers(3, 299), min_size=1, max_size=40)),
        st.tuples(st.just("switch"), st.integers(0, 2)),
        st.tuples(st.just("give up"), st.integers(0, 3)),
        st.tuples(st.just("accept"), st.integers(1, 8)),
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(
    family=st.sampled_from(["qwen2", "starcoder2", "gemma2", "granite_hybrid"]),
    edits=edits,
    scarce=st.booleans(),
    recorded=st.booleans(),
)
def test_answers_stay_greedy_over_any_sequence_of_edits(
    family: str,
    edits: list[tuple],  # type: ignore[type-arg]
    scarce: bool,
    recorded: bool,
) -> None:
    asyncio.run(_edit(family, edits, 300_000 if scarce else 1 << 26, record if recorded else None))


async def _edit(family: str, edits: list[tuple], cache_bytes: int, record: Record | None) -> None:  # type: ignore[type-arg]
    plain = tiny(family)
    texts = [TEXT[at * 7 : at * 7 + 60] for at in range(3)]
    now, answer = 0, [5]
    async with hosting(family, cache_bytes=cache_bytes, record=record) as scheduler:
        for what, *how in edits:
            text = texts[now]
            if what == "type":
                text += how[0]
            elif what == "delete":
                del text[max(5, len(text) - how[0]) :]
            elif what == "insert":
                at = int(how[0] * len(text))
                text[at:at] = how[1]
            elif what == "switch":
                now = how[0]
            elif what == "accept":
                text += answer[: how[0]]
            else:
                await _give_up(scheduler, text, how[0])
            answer = await ask(scheduler, texts[now], 8, document=str(now))
            assert len(answer) == 8
            assert is_greedy(plain, texts[now], answer)


async def _give_up(scheduler: Scheduler, text: list[int], after: int) -> None:
    stream = scheduler.run(Job((*text, 11, 12), 50, document="given up"))
    for _ in range(after):
        await anext(stream)
    await stream.aclose()


async def test_a_prompt_is_read_in_pieces_beside_others() -> None:
    """A long prompt and an answer in the making share passes; both come out right."""
    plain = tiny("qwen2")
    long = [random.randrange(3, 300) for _ in range(300)]
    engine = Engine.of(tiny("qwen2"), threads=1)
    scheduler = Scheduler(engine, MonotonicClock())
    answers = await asyncio.gather(ask(scheduler, TEXT[:30], 40, client="a"), ask(scheduler, long, 10, client="b"))
    await scheduler.close()
    assert is_greedy(plain, TEXT[:30], answers[0])
    assert is_greedy(plain, long, answers[1])
