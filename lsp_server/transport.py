"""The editor's two pipes, each with a thread of its own, so that neither can hold up the event loop.

Reading: whole frames, handed over in batches; when the loop is behind, or when the editor does not read what it asked for,
no more is read until there is room. Writing: `send` never waits. Sizes are bounded on both sides.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from lsp_server.fence import trail
from lsp_server.frames import Frames

logger = logging.getLogger(__name__)

READ_SIZE = 64 * 1024
LOOP_WAIT = 0.2
"""Seconds that reading waits for the loop to work off what was read before. Then it goes on, so that the end of the editor
is seen though the loop is held up."""
UNSENT_LIMIT = 8 * 1024 * 1024
"""Bytes that wait for the editor to read them before nothing more is read from it."""
SLICE = 0.005
"""Seconds of messages in a row before other tasks of the loop get a turn."""
_END = object()


class Transport:
    """`receive` is called on the loop for each message, and after the last one `ended`, once or twice.

    `closed` is called before that, on a thread and out of turn, as soon as either pipe is gone.
    """

    def __init__(
        self, receive: Callable[[object], None], closed: Callable[[], None], ended: Callable[[], None]
    ) -> None:
        self._receive, self._closed, self._ended = receive, closed, ended
        self._loop = asyncio.get_running_loop()
        self._source, self._sink = _private_pipes()
        self._inbox: deque[object] = deque()
        self._working = False
        self._behind = False  # the loop has not worked off all that was read
        self._outbox: deque[bytes] = deque()
        self._unsent = 0
        self._news = threading.Condition()  # something to send, sent, worked off, or the end
        self._broken = False

    def start(self) -> None:
        threading.Thread(target=self._read, name="infill-reader", daemon=True).start()
        threading.Thread(target=self._write, name="infill-writer", daemon=True).start()

    def send(self, body: bytes) -> None:
        """Queues one message. From any thread; never waits."""
        with self._news:
            self._outbox.append(b"Content-Length: %d\r\n\r\n" % len(body))
            self._outbox.append(body)
            self._unsent += len(body)
            self._news.notify_all()

    def flush(self, seconds: float) -> None:
        """Waits until the editor has been written everything, or its pipe broke, or the time is up."""
        with self._news:
            self._news.wait_for(lambda: not self._unsent or self._broken, seconds)

    def _read(self) -> None:
        frames = Frames()
        try:
            while data := os.read(self._source, READ_SIZE):
                messages = frames.feed(data)
                if not messages:
                    continue
                with self._news:
                    self._news.wait_for(lambda: self._unsent < UNSENT_LIMIT or self._broken)
                    self._news.wait_for(lambda: not self._behind, LOOP_WAIT)
                    self._behind = True
                self._loop.call_soon_threadsafe(self._arrived, messages)
        except Exception as error:  # whatever it is, a server that cannot hear must not stay
            logger.info("reading ended: %s", trail(error))
        self._end()

    def _arrived(self, messages: list[object]) -> None:
        self._inbox.extend(messages)
        if not self._working:
            self._work()

    def _work(self) -> None:
        until = self._loop.time() + SLICE
        while self._inbox:
            message = self._inbox.popleft()
            if message is _END:
                self._ended()
            else:
                self._receive(message)
            if self._loop.time() > until and self._inbox:
                self._working = True
                self._loop.call_soon(self._work)
                return
        self._working = False
        with self._news:
            self._behind = False
            self._news.notify_all()

    def _write(self) -> None:
        try:
            while True:
                with self._news:
                    self._news.wait_for(lambda: self._outbox)
                    data = memoryview(b"".join(self._outbox))
                    self._outbox.clear()
                    sent = self._unsent
                while data:
                    data = data[os.write(self._sink, data) :]
                with self._news:
                    self._unsent -= sent
                    self._news.notify_all()
        except OSError as error:
            logger.info("writing ended: %s", trail(error))
        with self._news:
            self._broken = True
            self._news.notify_all()
        self._end()

    def _end(self) -> None:
        self._closed()
        with suppress(RuntimeError):  # the loop has been closed: the end is under way
            self._loop.call_soon_threadsafe(self._arrived, [_END])


def _private_pipes() -> tuple[int, int]:
    """stdin and stdout under numbers that nothing else writes to: a stray print goes to stderr, a child reads nothing."""
    source, sink = os.dup(0), os.dup(1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(source, os.O_BINARY)
        msvcrt.setmode(sink, os.O_BINARY)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:  # started without stderr
        os.dup2(nothing, 1)
    os.close(nothing)
    return source, sink
