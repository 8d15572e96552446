"""How a command ends: its exit code, and the one exception by which it stops early."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    DONE = 0
    NOTHING = 1  # nothing to offer, or a check that failed
    USAGE = 2
    BACKEND = 3


class Stop(Exception):
    """Ends the command with a message that says what happened and what to do. Raised anywhere, shown in `cli.main`."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code
