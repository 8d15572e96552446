"""A program of the terminal on a screen that a test can read, driven by keys. It waits for states, not for times."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from fcntl import ioctl
from pathlib import Path

import pyte

_CONTROL_STRING = re.compile(rb"\x1bP.*?\x1b\\", re.DOTALL)
PATIENCE = 60.0  # seconds, for machines that do much else
_OWN_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


class _Screen(pyte.Screen):
    """Answers what a program asks its terminal about, as a terminal would."""

    def __init__(self, columns: int, lines: int, answer: Callable[[str], None]) -> None:
        super().__init__(columns, lines)
        self._answer = answer

    def write_process_input(self, data: str) -> None:
        self._answer(data)

    def select_graphic_rendition(self, *attributes: int, private: bool = False) -> None:
        """Colours; the private sequence that begins like one sets how keys are sent, and pyte does not know it."""
        if not private:
            super().select_graphic_rendition(*attributes)


class Terminal:
    """`keys` are written as a keyboard sends them: `\\x1b` is Escape, `\\x18` Control and x."""

    def __init__(self, master: int, columns: int, lines: int) -> None:
        self._master = master
        self.screen = _Screen(columns, lines, self.keys)
        self._stream = pyte.ByteStream(self.screen)
        self._left = b""

    def keys(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def text(self) -> str:
        """What stands on the screen, without blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def until(self, happened: Callable[[], object], why: str, *, keys: str = "") -> None:
        """`keys` are pressed again each second: an editor whose server still starts forgets what it was asked."""
        end = time.monotonic() + PATIENCE
        pressed = 0.0
        while not happened():
            now = time.monotonic()
            assert now < end, f"it did not come: {why}; on the screen:\n{self.text()}"
            if keys and now > pressed + 1:
                self.keys(keys)
                pressed = now
            ready, _, _ = select.select([self._master], [], [], 0.2)
            if ready:
                with suppress(OSError):
                    self._feed(os.read(self._master, 65536))

    def _feed(self, data: bytes) -> None:
        """Without device control strings, which pyte would print; one that is not whole yet is kept for the next time."""
        shown, opening, rest = _CONTROL_STRING.sub(b"", self._left + data).partition(b"\x1bP")
        self._left = opening + rest
        self._stream.feed(shown)

    def until_seen(self, text: str, *, keys: str = "") -> None:
        self.until(lambda: text in self.text(), f"{text!r} on the screen", keys=keys)

    def type(self, text: str, after: str) -> None:
        """One key after the other, each seen before the next, as fingers do it. `after` is what stands before them."""
        for end in range(1, len(text) + 1):
            self.keys(text[end - 1])
            self.until_seen(after + text[:end].rstrip())

    def until_saved(self, path: Path, text: str) -> None:
        self.until(lambda: path.read_text() == text, f"{text!r} in {path.name}, which has {path.read_text()!r}")


@contextmanager
def terminal(
    line: Sequence[str | Path], environment: Mapping[str, str], folder: Path, *, columns: int = 100, lines: int = 30
) -> Iterator[Terminal]:
    """The program runs while the block does, in a process group of its own that is ended with it."""
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    variables = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **environment}
    process = subprocess.Popen(
        [sys.executable, "-c", _OWN_TERMINAL, *map(str, line)],
        stdin=slave, stdout=slave, stderr=slave, env=variables, cwd=folder, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    try:
        yield Terminal(master, columns, lines)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)
        os.close(master)
