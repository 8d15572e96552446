"""The process that fills the index: at low priority, beside the process of the editor, gone when that is gone.

Started by `context/indexing.py`. Reads JSON lines from stdin: first `folder`, `roots` and `exclude`, then orders, each with
its number: `scan`, or `files` with their paths; `pause` and `resume` have none. The end of stdin ends the process at once,
which is how it dies with its parent. Writes JSON lines: `done` and `of` now and then, `ended` with the number of an order
that is done, `cut` where there are more files than are looked at. Runs nothing of the workspace and imports nothing from it.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sqlite3
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from context.clock import Clock, MonotonicClock
from context.filling import Filling
from context.index_store import discard, prune
from context.private_folder import make_private

IDLE = 300.0
"""Seconds without an order after which the process ends; the next order starts another."""

LOOK_AGAIN = 0.2
"""Seconds between two looks at whether another process has ended its scan of the same workspace."""

TELL_EVERY = 1.0


@dataclass(frozen=True, slots=True)
class Order:
    number: int
    scan: bool
    paths: tuple[Path, ...] = ()


class Worker:
    """Does what is ordered, newest files before the scan that runs, and a newer scan instead of it."""

    def __init__(self, folder: Path, roots: list[Path], exclude: tuple[str, ...], clock: Clock) -> None:
        make_private(folder)
        self._folder, self._clock = folder, clock
        self._orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._running = threading.Event()
        self._running.set()
        self._scans: list[int] = []
        self._told_at = float("-inf")
        self._filling = Filling(
            folder, roots, exclude, between=self._between, told=self._tell, cut=lambda: _say({"cut": 1})
        )

    def obey(self) -> None:
        """Reads orders until there are no more; for a thread of its own."""
        for line in sys.stdin:
            order = json.loads(line)
            if order["do"] == "pause":
                self._running.clear()
            elif order["do"] == "resume":
                self._running.set()
            else:
                paths = tuple(map(Path, order.get("paths", ())))
                self._orders.put(Order(order["number"], order["do"] == "scan", paths))
        os._exit(0)

    def work(self) -> None:
        """Until nothing has been ordered for a while."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._do(self._orders.get(timeout=IDLE))

    def _do(self, order: Order) -> None:
        try:
            self._try(order)
        except sqlite3.OperationalError:
            raise  # Locked, full or read-only: another try would end alike.
        except sqlite3.DatabaseError:  # Broken under our hands: built anew, once.
            self._filling.close()
            discard(self._filling.file)
            self._try(order)

    def _try(self, order: Order) -> None:
        if not order.scan:
            self._running.wait()
            self._filling.take_in(order.paths)
            _say({"ended": order.number})
            return
        self._scans.append(order.number)
        with self._alone():
            self._filling.scan()
            prune(self._folder, self._filling.file)
        for number in self._scans:
            _say({"ended": number})
        self._scans.clear()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """While no other process scans the same workspace; single files are taken in meanwhile."""
        lock = _lock(Path(f"{self._filling.file}.lock"))
        while lock is None:
            with contextlib.suppress(queue.Empty):
                self._take(self._orders.get(timeout=LOOK_AGAIN))
            lock = _lock(Path(f"{self._filling.file}.lock"))
        try:
            yield
        finally:
            lock.close()

    def _between(self) -> bool:
        """Waits while it is paused, takes in files that were saved; True where a newer scan was ordered."""
        again = False
        while True:
            self._running.wait()
            try:
                again |= self._take(self._orders.get_nowait())
            except queue.Empty:
                return again

    def _take(self, order: Order) -> bool:
        """An order that came during a scan; True for another scan, which is then done instead."""
        if order.scan:
            self._scans.append(order.number)
        else:
            self._filling.take_in(order.paths)
            _say({"ended": order.number})
        return order.scan

    def _tell(self, done: int, of: int) -> None:
        now = self._clock.now()
        if done == of or now - self._told_at >= TELL_EVERY:
            self._told_at = now
            _say({"done": done, "of": of})


def main() -> None:
    if hasattr(os, "nice"):
        os.nice(15)
    asked = json.loads(sys.stdin.readline())
    roots = [Path(root) for root in asked["roots"]]
    with contextlib.suppress(BrokenPipeError):
        worker = Worker(Path(asked["folder"]), roots, tuple(asked["exclude"]), MonotonicClock())
        threading.Thread(target=worker.obey, daemon=True).start()
        worker.work()


def _lock(file: Path) -> sqlite3.Connection | None:
    """A lock that the system takes back when the process ends; None where another process has it."""
    try:
        return _locked(file)
    except sqlite3.OperationalError:
        return None
    except sqlite3.DatabaseError:  # Damaged, and nothing is ever in it.
        file.unlink(missing_ok=True)
        return _locked(file)


def _locked(file: Path) -> sqlite3.Connection:
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    lock = sqlite3.connect(file, timeout=0, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error:
        lock.close()
        raise
    return lock


def _say(report: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
