"""The misbehaving endpoint in a thread of its own, for tests whose other end is a process or a command."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from editors.headless.self_test.endpoint import FaultServer, reply, serving


@contextmanager
def endpoint() -> Iterator[FaultServer]:
    """Running while the block does; it is told what to answer by setting `answer`, and ended with everything it still does."""
    loop, up, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found: list[FaultServer] = []

    async def serve() -> None:
        async with serving(reply()) as server:
            found.append(server)
            up.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert up.wait(60)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(60)
        loop.close()
