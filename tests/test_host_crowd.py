"""Ten editors typing at once: nobody fails, nobody waits much longer than the others, and memory does not grow."""

from __future__ import annotations

import asyncio
from random import Random
from statistics import median

from backends.host.jobs import Finish, Job
from backends.host.scheduler import Scheduler
from backends.host.turns import Pace
from context.clock import MonotonicClock
from tests.fake_clock import FakeClock
from tests.host_answers import hosting, is_greedy
from tests.host_models import tiny
from tests.host_reader import CountingReader, engine_of

TYPISTS = 10


class Typist:
    """Types a key every three to eight passes of the model, so that waiting is counted in passes and not in seconds."""

    def __init__(self, number: int, reader: CountingReader) -> None:
        self.name, self.random, self.reader = f"typist {number}", Random(number), reader
        self.text = [number, *range(50)]
        self.waits: list[int] = []

    async def type(self, scheduler: Scheduler, keys: int) -> None:
        older: list[asyncio.Task[None]] = []
        for key in range(keys):
            self.text.append(self.random.randrange(900))
            if key % 20 == 0:
                self.text[1:40] = [self.random.randrange(900) for _ in range(39)]
            older.append(asyncio.create_task(self._ask(scheduler)))
            now = len(self.reader.passes)
            while len(self.reader.passes) < now + self.random.randint(3, 8) and not older[-1].done():
                await asyncio.sleep(0)
        await asyncio.gather(*older)

    async def _ask(self, scheduler: Scheduler) -> None:
        asked = len(self.reader.passes)
        stream = scheduler.run(Job(tuple(self.text), 6, document=self.name, client=self.name))
        tokens = 0
        async for _ in stream:
            if not tokens:
                self.waits.append(len(self.reader.passes) - asked)
            tokens += 1
        assert stream.finish in (Finish.LENGTH, Finish.REPLACED)


async def test_ten_typists_wait_alike() -> None:
    reader = CountingReader()
    scheduler = Scheduler(engine_of(reader), FakeClock(), pace=Pace(alone=256, beside=64, rows=32))
    typists = [Typist(number, reader) for number in range(TYPISTS)]
    await asyncio.gather(*(typist.type(scheduler, 60) for typist in typists))
    await scheduler.close()
    # How many keys are overtaken before a token comes is the machine's affair.
    assert all(len(typist.waits) > 8 for typist in typists)
    worst = [sorted(typist.waits)[int(0.99 * (len(typist.waits) - 1))] for typist in typists]
    assert max(worst) <= 2 * median(worst) + 2, worst


async def test_ten_typists_of_a_real_model_get_what_is_theirs_and_memory_stays() -> None:
    plain, random = tiny("qwen2"), Random(7)
    bound = 30 * 256 * 512
    texts = [[random.randrange(3, 300) for _ in range(60)] for _ in range(TYPISTS)]

    async def type(at: int, scheduler: Scheduler) -> None:
        for _ in range(6):
            texts[at].append(random.randrange(3, 300))
            stream = scheduler.run(Job(tuple(texts[at]), 6, document=str(at), client=str(at)))
            answer = [token async for token in stream]
            assert stream.finish is Finish.LENGTH
            assert is_greedy(plain, texts[at], answer)

    async with hosting("qwen2", cache_bytes=bound, clock=MonotonicClock()) as scheduler:
        await asyncio.gather(*(type(at, scheduler) for at in range(TYPISTS)))
        load = scheduler.load()
        assert (load.waiting, load.running) == (0, 0)
        assert load.cache_bytes <= bound
    assert load.cached > 0.7 * load.prompt
