"""Runs one command of a project for `infill act tests --run`: with a time limit, without our keys, keeping the end of its output.

Everything that it started ends with it or with the limit.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from backends.keys import ENVIRONMENT

MOST_OUTPUT = 6_000
"""Bytes of the end of the output that are kept."""
PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Run:
    """`passed` is None where nothing was run; `output` then says why and what to do."""

    passed: bool | None
    output: str


def run(command: Sequence[str], folder: Path, limit: float) -> Run:
    """`limit` in seconds."""
    try:
        process = subprocess.Popen(
            command, cwd=folder, env=_without_keys(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    except OSError:
        return Run(None, f"{command[0]} cannot be started. Install it, or put it on the PATH.")
    assert process.stdout is not None, "it was asked for"
    deadline, code = monotonic() + limit, None
    try:
        output = _read(process.stdout.fileno(), deadline)
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(max(deadline - monotonic(), 0.1))
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    text = output.decode("utf-8", "replace")
    return Run(code == 0, text if code is not None else f"{text}\n(stopped after {limit:.0f} seconds)")


def _read(pipe: int, deadline: float) -> bytes:
    """The end of what comes until the pipe closes or the time is up."""
    output = b""
    while (left := deadline - monotonic()) > 0:
        ready, _, _ = select.select([pipe], [], [], left)
        piece = os.read(pipe, PIECE) if ready else b""
        if not piece:
            break
        output = (output + piece)[-MOST_OUTPUT:]
    return output


def _without_keys() -> dict[str, str]:
    """The tests are a model's and the project's own code: neither needs the key of a backend."""
    keys = {name for names in ENVIRONMENT.values() for name in names}
    return {name: value for name, value in os.environ.items() if name not in keys and not name.startswith("INFILL_")}
