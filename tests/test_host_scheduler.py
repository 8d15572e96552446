"""Who is served when, and how answers end: with a reader that counts instead of a model."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from backends.host.jobs import (
    Finish,
    HostBroke,
    HostBusy,
    HostClosing,
    HostOutOfMemory,
    Job,
    TooLong,
)
from backends.host.scheduler import MOST_WAITING, Scheduler
from backends.host.turns import Pace
from tests.fake_clock import FakeClock
from tests.host_answers import ask
from tests.host_reader import CountingReader, engine_of

PACE = Pace(alone=100, beside=20, rows=8)


@asynccontextmanager
async def counting(
    reader: CountingReader, *, clock: FakeClock | None = None, drafts: bool = False
) -> AsyncIterator[Scheduler]:
    scheduler = Scheduler(engine_of(reader), clock or FakeClock(), pace=PACE, drafts=drafts)
    try:
        yield scheduler
    finally:
        reader.release()
        await scheduler.close()


async def began(reader: CountingReader) -> None:
    """Until the next pass has begun."""
    assert await asyncio.to_thread(reader.began.acquire, timeout=20)


async def test_an_answer_ends_at_its_length_and_says_what_it_cost() -> None:
    async with counting(CountingReader()) as scheduler:
        stream = scheduler.run(Job((1, 2, 3), 4))
        assert [token async for token in stream] == [4, 5, 6, 7]
        assert (stream.finish, stream.tally.prompt, stream.tally.completion) == (Finish.LENGTH, 3, 4)


async def test_a_stop_token_ends_the_answer_and_is_no_part_of_it() -> None:
    async with counting(CountingReader()) as scheduler:
        stream = scheduler.run(Job((1, 2, 3), 40, stop_ids=frozenset({6})))
        assert [token async for token in stream] == [4, 5]
        assert stream.finish is Finish.STOP


async def test_no_tokens_asked_for_reads_the_prompt_and_answers_nothing() -> None:
    reader = CountingReader()
    async with counting(reader) as scheduler:
        stream = scheduler.run(Job(tuple(range(150)), 0, document="warm"))
        assert [token async for token in stream] == []
        assert stream.finish is Finish.LENGTH
    assert reader.passes == [{"warm": 100}, {"warm": 50}]


async def test_a_newer_job_of_a_document_replaces_the_older() -> None:
    reader = CountingReader()
    reader.hold()
    async with counting(reader) as scheduler:
        older = scheduler.run(Job((1,), 50, document="a", client="one"))
        others = scheduler.run(Job((1,), 2, document="a", client="two"))
        await began(reader)
        newer = scheduler.run(Job((1, 2), 2, document="a", client="one"))
        reader.release()
        assert [token async for token in newer] == [3, 4]
        assert len([token async for token in older]) <= 1
        assert older.finish is Finish.REPLACED
        assert [token async for token in others] == [2, 3], "another client's document of that name is another document"


async def test_a_cancelled_answer_is_in_no_further_pass() -> None:
    reader = CountingReader()
    reader.hold()
    async with counting(reader) as scheduler:
        stream = scheduler.run(Job((1,), 50, document="a"))
        reader.go()
        assert await anext(stream) == 2
        await began(reader)
        await began(reader)  # the second pass is under way
        await stream.aclose()
        reader.release()
        assert await ask(scheduler, (1,), 1, document="b") == [2]
    assert reader.passes == [{"a": 1}, {"interrupted": 0}, {"b": 1}]


async def test_a_task_that_is_cancelled_cancels_its_answer() -> None:
    reader = CountingReader()
    reader.hold()
    async with counting(reader) as scheduler:
        task = asyncio.create_task(ask(scheduler, (1,), 50, document="a"))
        await began(reader)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        reader.release()
        await ask(scheduler, (1,), 1, document="b")
    assert reader.passes == [{"interrupted": 0}, {"b": 1}]


async def test_somebody_who_types_interrupts_a_long_prompt_that_was_alone() -> None:
    reader = CountingReader()
    reader.hold()
    async with counting(reader) as scheduler:
        long = asyncio.create_task(ask(scheduler, range(90), 1, document="long"))
        await began(reader)
        short = asyncio.create_task(ask(scheduler, (1, 2), 1, document="short", client="other"))
        await asyncio.sleep(0)
        reader.release()
        await asyncio.gather(long, short)
    assert reader.passes[:2] == [{"interrupted": 0}, {"short": 2, "long": 18}]


async def test_a_pass_that_others_share_is_not_interrupted() -> None:
    reader = CountingReader()
    reader.hold()
    async with counting(reader) as scheduler:
        one = asyncio.create_task(ask(scheduler, (1,), 5, document="one"))
        long = asyncio.create_task(ask(scheduler, range(90), 1, document="long", client="other"))
        await began(reader)
        reader.go(2)
        await began(reader)
        await began(reader)  # one writes while the long prompt is read
        more = asyncio.create_task(ask(scheduler, (1, 2), 1, document="more", client="third"))
        await asyncio.sleep(0)
        reader.release()
        await asyncio.gather(one, long, more)
    assert {"interrupted": 0} not in reader.passes[1:]


async def test_a_long_prompt_does_not_stall_an_answer() -> None:
    reader = CountingReader()
    reader.hold()
    async with counting(reader) as scheduler:
        answer = asyncio.create_task(ask(scheduler, (1,), 20, document="answer"))
        await began(reader)
        prompt = asyncio.create_task(ask(scheduler, range(100), 1, document="prompt", client="other"))
        await asyncio.sleep(0)
        reader.release()
        await asyncio.gather(answer, prompt)
    shared = [each for each in reader.passes if "prompt" in each]
    assert len(shared) >= 5
    assert all(each.get("answer") == 1 and each["prompt"] <= PACE.beside for each in shared)


async def test_one_client_with_many_prompts_does_not_keep_another_waiting() -> None:
    reader = CountingReader()
    reader.hold()
    async with counting(reader) as scheduler:
        greedy = [
            asyncio.create_task(ask(scheduler, range(60), 1, document=f"greedy {at}", client="greedy"))
            for at in range(6)
        ]
        await began(reader)
        modest = asyncio.create_task(ask(scheduler, range(60), 1, document="modest", client="modest"))
        await asyncio.sleep(0)
        reader.release()
        await asyncio.gather(*greedy, modest)
    last = max(at for at, each in enumerate(reader.passes) if "modest" in each)
    total = sum(count for each in reader.passes[: last + 1] for name, count in each.items() if name != "modest")
    assert total <= 120, "as much for the other as for the modest one, and a pass more"


async def test_batch_work_rests_while_somebody_types() -> None:
    reader = CountingReader()
    reader.hold()
    async with counting(reader) as scheduler:
        batch = asyncio.create_task(ask(scheduler, (1,), 10, document="batch", typing=False))
        await began(reader)
        typing = asyncio.create_task(ask(scheduler, (5,), 5, document="typing"))
        await asyncio.sleep(0)
        reader.release()
        assert await typing == [6, 7, 8, 9, 10]
        assert await batch == list(range(2, 12))
    first = next(at for at, each in enumerate(reader.passes) if "typing" in each)
    assert all(each == {"typing": 1} for each in reader.passes[first : first + 5])


async def test_batch_work_lends_its_memory_and_goes_on_where_it_was() -> None:
    reader = CountingReader(room=1)
    reader.hold()
    async with counting(reader) as scheduler:
        batch = asyncio.create_task(ask(scheduler, (1,), 10, document="batch", typing=False))
        await began(reader)
        typing = asyncio.create_task(ask(scheduler, (5,), 5, document="typing"))
        await asyncio.sleep(0)
        reader.release()
        assert await typing == [6, 7, 8, 9, 10]
        assert await batch == list(range(2, 12))
    assert reader.held == 0


async def test_the_deadline_ends_an_answer_with_what_there_is() -> None:
    reader, clock = CountingReader(), FakeClock()
    reader.hold()
    async with counting(reader, clock=clock) as scheduler:
        stream = scheduler.run(Job((1,), 50, deadline=1.0))
        reader.go()
        assert await anext(stream) == 2
        await clock.advance(1.0)
        reader.release()
        rest = [token async for token in stream]
    assert rest in ([], [3]), "a pass that was under way is taken"
    assert stream.finish is Finish.DEADLINE


async def test_out_of_memory_ends_the_answer_and_not_the_host() -> None:
    reader = CountingReader()
    reader.failures = [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried …")]
    async with counting(reader) as scheduler:
        with pytest.raises(HostOutOfMemory):
            await ask(scheduler, (1,), 3)
        assert await ask(scheduler, (1,), 3) == [2, 3, 4]


async def test_a_job_for_which_there_never_is_room_does_not_wait_for_ever() -> None:
    async with counting(CountingReader(room=0)) as scheduler:
        with pytest.raises(HostOutOfMemory):
            await ask(scheduler, (1,), 3)


async def test_who_finds_no_memory_waits_for_those_who_have_some() -> None:
    """Of 24 long prompts at once on a machine with memory for one, 23 were refused."""
    reader = CountingReader()
    reader.memory = 2
    async with counting(reader) as scheduler:
        answers = await asyncio.gather(*(ask(scheduler, (1,), 3, client=str(at)) for at in range(8)))
    assert answers == [[2, 3, 4]] * 8


async def test_nobody_waits_for_memory_that_nobody_has() -> None:
    reader = CountingReader()
    reader.memory = 0
    async with counting(reader) as scheduler:
        with pytest.raises(HostOutOfMemory):
            await ask(scheduler, (1,), 3)


async def test_memory_that_suffices_once_the_caches_are_dropped_is_no_error() -> None:
    reader = CountingReader()
    reader.failures = [MemoryError()]
    async with counting(reader) as scheduler:
        assert await ask(scheduler, (1,), 3) == [2, 3, 4]


async def test_a_bug_ends_the_answers_at_hand_and_not_the_host() -> None:
    reader = CountingReader()
    reader.failures = [TypeError("a bug")]
    async with counting(reader) as scheduler:
        with pytest.raises(HostBroke, match="TypeError"):
            await ask(scheduler, (1,), 3)
        assert await ask(scheduler, (1,), 3) == [2, 3, 4]


async def test_what_cannot_be_served_is_said_at_once() -> None:
    reader = CountingReader()
    reader.hold()
    async with counting(reader) as scheduler:
        for ids in ((), (1, 1000), (-1,)):
            with pytest.raises(ValueError, match="vocabulary"):
                scheduler.run(Job(ids, 1))
        with pytest.raises(TooLong, match="9990 tokens and an answer of 11"):
            scheduler.run(Job(tuple([1] * 9990), 11))
        streams = [scheduler.run(Job((1,), 1)) for _ in range(MOST_WAITING)]
        with pytest.raises(HostBusy):
            for _ in range(PACE.rows + 1):
                streams.append(scheduler.run(Job((1,), 1)))
        reader.release()
        for stream in streams:
            assert [token async for token in stream] == [2]


async def test_an_answer_that_has_ended_is_freed_at_once() -> None:
    async with counting(CountingReader()) as scheduler:
        gc.disable()
        try:
            stream = scheduler.run(Job((1, 2, 3), 4))
            held = weakref.ref(stream)
            assert len([token async for token in stream]) == 4
            del stream
            await ask(scheduler, (1,), 1)
            assert held() is None
        finally:
            gc.enable()


async def test_closing_ends_every_answer() -> None:
    reader = CountingReader()
    reader.hold()
    scheduler = Scheduler(engine_of(reader), FakeClock(), pace=PACE)
    task = asyncio.create_task(ask(scheduler, (1,), 50))
    await began(reader)
    closing = asyncio.create_task(scheduler.close())
    await asyncio.sleep(0)
    reader.release()
    await closing
    with pytest.raises(HostClosing):
        await task
    with pytest.raises(HostClosing):
        scheduler.run(Job((1,), 1))


async def test_drafts_are_read_along_and_only_what_is_right_is_kept() -> None:
    reader = CountingReader()
    async with counting(reader, drafts=True) as scheduler:
        stream = scheduler.run(Job((5, 6, 7, 8, 90, 5, 6), 6))
        assert [token async for token in stream] == [7, 8, 9, 10, 11, 12]
    assert (stream.tally.drafted, stream.tally.accepted) == (4, 2), "7 and 8, but not 90"
    assert reader.passes[0] == {"": 11}, "read along with the end of the prompt"
