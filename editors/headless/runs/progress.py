"""How far long work has come: a bar on standard error, and nothing at all where that is no terminal."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TextIO

WIDTH = 24
EVERY = 0.1  # seconds between two drawings


class Progress:
    """Use as a context manager; the bar is gone afterwards. `what` is the plural of what is counted."""

    def __init__(self, what: str, of: int, *, done: int = 0, stream: TextIO | None = None) -> None:
        self._what, self._of, self._done, self._first = what, of, done, done
        self._stream = stream or sys.stderr
        self._on = self._stream.isatty()
        self._began, self._drawn, self._failed = time.monotonic(), 0.0, 0

    def __enter__(self) -> Progress:
        self._draw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._on:
            print("\r\x1b[K", end="", file=self._stream, flush=True)

    def step(self, number: int = 1, *, failed: int = 0) -> None:
        self._done, self._failed = self._done + number, self._failed + failed
        self._draw()

    def _draw(self) -> None:
        now = time.monotonic()
        if not self._on or (now - self._drawn < EVERY and self._done < self._of):
            return
        self._drawn = now
        full = WIDTH * self._done // max(self._of, 1)
        failed = f", {self._failed} failed" if self._failed else ""
        bar = "#" * full + "." * (WIDTH - full)
        line = f"\r\x1b[K[{bar}] {self._done} of {self._of} {self._what}{failed}{self._left(now)}"
        print(line, end="", file=self._stream, flush=True)

    def _left(self, now: float) -> str:
        done = self._done - self._first
        if done < 2 or self._done >= self._of:
            return ""
        seconds = (now - self._began) / done * (self._of - self._done)
        return f", {seconds / 60:.0f} min left" if seconds >= 90 else f", {seconds:.0f} s left"
