"""A stage on which time is a number: one server process with frozen time, the editor's pipes, and a model over HTTP.

`Stage.play` takes one event after the other, the bench's own and the server's timers, in the order of their times. Between two
of them the server runs until it has nothing left to do. The processor time that takes counts on top, so that a slow server does
not look fast.
"""

from __future__ import annotations

import heapq
import json
import os
import select
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from statistics import median
from typing import Any

from editors.headless.frozen import FOREVER, TICK
from editors.headless.nursery import Nursery, Silent

WEIGHINGS = 25
PATIENCE = 120.0  # real seconds without a sign of life from the server, on a machine with other work


class Timeline:
    """Events by time; those of one moment in the order in which they were set."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._off: set[int] = set()

    def at(self, time: float, event: Callable[[], None]) -> int:
        """Sets an event; the number it returns takes it `off` again."""
        number = next(self._order)
        heapq.heappush(self._events, (max(time, self.now), number, event))
        return number

    def off(self, number: int) -> None:
        self._off.add(number)

    def when(self, number: int) -> float:
        """The time of an event that is still to come; for ever where it is none."""
        return next((time for time, event, _ in self._events if event == number), FOREVER)

    @property
    def next_at(self) -> float:
        while self._events and self._events[0][1] in self._off:
            self._off.discard(heapq.heappop(self._events)[1])
        return self._events[0][0] if self._events else FOREVER

    def step(self) -> None:
        """The next event happens; its time is now."""
        if self.next_at < FOREVER:
            self.now, _, event = heapq.heappop(self._events)
            event()


class Stage:
    """Use as a context manager. `hears(message)` gets whatever the server sends; `asked(connection)` a completed HTTP request.

    `flags` are the server's, given the address at which the stage listens in a model's place.
    """

    def __init__(self, nursery: Nursery, timeline: Timeline, flags: Callable[[str], Sequence[str]]) -> None:
        self.timeline = timeline
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._nursery, self._server = nursery, nursery.server(flags(self.url))
        self._control = self._server.control
        self.hears: Callable[[Mapping[str, Any]], None] = lambda _message: None
        self.asked: Callable[[Connection], None] = lambda _connection: None
        self._unread = b""
        self._connections: dict[int, Connection] = {}
        self._ids, self._tick, self._wake = count(1), 0, FOREVER
        self._pinged: int | None = None
        self._began = self._own_cost = 0.0
        self._settled = self._cycles = 0
        self._unsettled = True
        self.settle()

    def weigh(self, times: int = WEIGHINGS) -> None:
        """Finds out what being told the time and asked for a sign of life costs the server: that is the bench's doing."""
        costs = []
        for _ in range(times):
            self.settle()
            costs.append(self._processor() - self._began)
        self._own_cost = median(costs)

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self._nursery.end(self._server)
        for connection in self._connections.values():
            connection.close()
        self._listener.close()

    @property
    def worked(self) -> float:
        """Seconds of processor time that the server has spent since it was told of what it is answering."""
        return max(0.0, self._processor() - self._began - self._cycles * self._own_cost)

    def spent(self) -> float:
        """Seconds of processor time that the server has spent so far, less what the bench has cost it."""
        return self._processor() - self._settled * self._own_cost

    def _processor(self) -> float:
        # The process's own clock on Linux (clock_getcpuclockid(3)): what else the machine does is not the server's doing.
        return time.clock_gettime((~self._server.pid << 3) | 2) if sys.platform == "linux" else time.perf_counter()

    def request(self, method: str, params: Any) -> int:
        number = next(self._ids)
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return number

    def notify(self, method: str, params: Any) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def send(self, message: Mapping[str, Any]) -> None:
        self._unsettled = True
        body = json.dumps(message, separators=(",", ":")).encode()
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def play(self, until: Callable[[], bool]) -> None:
        """Lets things happen in their order until `until()`, or until nothing is left to happen."""
        if self._unsettled:
            self.settle()
        while not until() and (moment := min(self.timeline.next_at, self._wake)) < FOREVER:
            if self.timeline.next_at <= moment:
                self.timeline.step()
            else:
                self.timeline.now = moment
            self.settle()

    def settle(self) -> None:
        """The server takes in all that was sent, at the time that is now, and works until it has nothing to do.

        What is answered to it meanwhile gives it something to do again, perhaps after it said that it had nothing.
        """
        self._began, self._cycles, self._unsettled = self._processor(), 0, True
        while self._unsettled:
            self._unsettled = False
            self._cycles += 1
            self._cycle()
        self._settled += self._cycles

    def _cycle(self) -> None:
        self._ping()
        self._tick += 1
        self._control.send(TICK.pack(self._tick, self.timeline.now))
        self._read_until(lambda told: told == self._tick)
        self._ping()  # what the server has sent stands before the answer to this

    def _ping(self) -> None:
        unsettled, self._pinged = self._unsettled, self.request("bench/ping", None)
        self._unsettled = unsettled
        self._server.stdin.flush()
        self._read_until(lambda _told: self._pinged is None)

    def _read_until(self, done: Callable[[int], bool]) -> None:
        told = 0
        while not done(told):
            sources: list[Any] = [self._server.stdout.fileno(), self._control, self._listener]
            sources += self._connections.values()
            ready, _, _ = select.select(sources, [], [], PATIENCE)
            if not ready:
                raise Silent("The language server has been silent for too long.")
            for source in ready:
                if source is self._control:
                    data = self._control.recv(TICK.size)
                    if not data:
                        raise Silent("The language server has ended.")
                    told, self._wake = TICK.unpack(data)
                elif source is self._listener:
                    connection = Connection(self._listener.accept()[0])
                    self._connections[connection.fileno()] = connection
                    self._hear_http(connection)  # what came with it belongs to the time that is now
                elif isinstance(source, Connection):
                    self._hear_http(source)
                else:
                    self._hear_messages(os.read(self._server.stdout.fileno(), 1 << 16))

    def _hear_http(self, connection: Connection) -> None:
        if not connection.read():
            self._connections.pop(connection.fileno(), None)
            connection.close()
        elif connection.whole:
            self._unsettled = True
            self.asked(connection)

    def _hear_messages(self, data: bytes) -> None:
        if not data:
            raise Silent("The language server has ended.")
        self._unread += data
        while b"\r\n\r\n" in self._unread:
            header, _, rest = self._unread.partition(b"\r\n\r\n")
            length = int(header.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            if len(rest) < length:
                return
            self._unread = rest[length:]
            message = json.loads(rest[:length])
            if message.get("id") == self._pinged and "method" not in message:
                self._pinged = None
            elif "method" in message and "id" in message:
                settings: list[Any] = [{} for _ in (message["params"] or {}).get("items", ())]
                self.send({"jsonrpc": "2.0", "id": message["id"], "result": settings or None})
            else:
                self.hears(message)


class Connection:
    """One connection of the server's HTTP client, seen from the model's end."""

    def __init__(self, raw: socket.socket) -> None:
        self._raw, self._unread = raw, b""
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.setblocking(False)
        self.gone = False
        self.on_close: Callable[[], None] = lambda: None

    def fileno(self) -> int:
        return self._raw.fileno()

    def read(self) -> bool:
        """Takes in what has come; False once the other end has closed."""
        try:
            data = self._raw.recv(1 << 20)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        self._unread += data
        return bool(data)

    @property
    def whole(self) -> bool:
        """A request has come with all of its body."""
        head, end, body = self._unread.partition(b"\r\n\r\n")
        return bool(end) and len(body) >= _length(head)

    def take(self) -> tuple[str, str, Any]:
        """The request's method, its path and its body."""
        head, _, body = self._unread.partition(b"\r\n\r\n")
        length = _length(head)
        self._unread = body[length:]
        method, path, _ = head.decode("latin-1").split(" ", 2)
        return method, path, json.loads(body[:length]) if length else None

    def write(self, data: bytes) -> None:
        try:
            self._raw.sendall(data)
        except OSError:
            self.gone = True

    def hang_up(self) -> None:
        """Ends it from the model's end; it is closed when the server has seen that."""
        with suppress(OSError):
            self._raw.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.gone = True
        self._raw.close()
        self.on_close()


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
