"""The end of the process, also when nothing in it listens any more: a dead editor, a wedged thread, a broken pipe."""

from __future__ import annotations

import asyncio
import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

POLL = 1.0
"""Seconds between two looks at the editor's process."""


STUCK = 60.0
"""Seconds of processor time in one turn after which the process is ended. No work of ours takes a tenth of it."""


def end_when_stuck(loop: asyncio.AbstractEventLoop, seconds: float = STUCK) -> None:
    """Ends the process when the loop does not turn for so long, though something holds the interpreter, as `re` does: no thread
    of ours would run then. So the system counts, and its signal ends the process, after a note of where it was; the editor
    starts another. What counts is processor time: a machine that sleeps, or a process that is stopped, is not stuck.
    """
    if not hasattr(signal, "setitimer"):
        return
    if sys.stderr is not None:
        faulthandler.register(signal.SIGPROF, all_threads=False, chain=True)

    def turned() -> None:
        signal.setitimer(signal.ITIMER_PROF, seconds)
        loop.call_later(seconds / 10, turned)

    turned()


def watch_process(pid: int, died: Callable[[], None]) -> None:
    """Calls `died` from a thread, once, when the process has ended.

    A process that cannot be seen from the start has died too, except where our own parent cannot be seen either: then
    we are in a container of our own and the editor's number means nothing here. Windows has only the end of stdin.
    """
    if sys.platform == "win32":
        return
    never = threading.Event()
    born = _birth(pid)
    if born is None and os.getppid() == 0:
        return

    def watch() -> None:
        while born is not None and _birth(pid) == born:
            never.wait(POLL)
        died()

    threading.Thread(target=watch, name="infill-parent", daemon=True).start()


def _birth(pid: int) -> str | None:
    """What tells this process from a later one with the same number, where the system says; None when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return _answers(pid)
    state, start_time = fields[0], fields[19]
    return None if state in "ZX" else start_time


def _answers(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return ""
    except (OSError, OverflowError):
        return None
    return ""


def exit_within(seconds: float, code: int) -> None:
    """Ends the process after `seconds` if it has not ended by then, whatever its threads are doing."""

    def end() -> None:
        leave(code)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def leave(code: int) -> None:
    """Ends the process now: no waiting for worker threads, and no child left behind."""
    multiprocessing = sys.modules.get("multiprocessing")
    if multiprocessing is not None:
        for child in multiprocessing.active_children():
            child.kill()
    os._exit(code)
