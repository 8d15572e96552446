"""What is written down about a bug: where it happened, never what was in the variables.

An exception's message often quotes the value it choked on, which may be a line of somebody's code; so a traceback is
reduced to types, files and line numbers, here for our own fences and in `Formatter` for everybody who logs one.
"""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any


def trail(error: BaseException, depth: int = 8) -> str:
    """`KeyError at completer.py:120 in complete < server.py:80 in _request`, the innermost frame first."""
    frames = traceback.extract_tb(error.__traceback__)[-depth:]
    places = [f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in reversed(frames)]
    cause = error.__cause__ or error.__context__
    after = f"; after {trail(cause, depth=2)}" if cause is not None else ""
    return f"{type(error).__name__} at {' < '.join(places) or 'an unknown place'}{after}"


class Formatter(logging.Formatter):
    """One line a record; exceptions as `trail`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatException(
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        return trail(ei[1]) if ei[1] is not None else ""


def log_to_stderr(level: int = logging.WARNING) -> None:
    """The server's logging. pygls is silenced altogether: it writes whole messages, keys and documents included."""
    handler = logging.StreamHandler()
    handler.setFormatter(Formatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)
    logging.raiseExceptions = False


def report_loop_error(loop: object, context: dict[str, Any]) -> None:
    """asyncio's exception handler: what no task and no fence has caught."""
    error = context.get("exception")
    what = trail(error) if isinstance(error, BaseException) else "no exception"
    logging.getLogger(__name__).error("unexpected in the event loop: %s", what)
