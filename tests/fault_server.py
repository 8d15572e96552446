"""The misbehaving endpoint of the self-test, under the name by which tests import it."""

from editors.headless.self_test.endpoint import (
    LAST_CHUNK,
    Answer,
    Asked,
    FaultServer,
    chunk,
    endless,
    event,
    head_of,
    raw,
    reply,
    reset,
    serving,
    silence,
    stream,
)

__all__ = [
    "LAST_CHUNK",
    "Answer",
    "Asked",
    "FaultServer",
    "chunk",
    "endless",
    "event",
    "head_of",
    "raw",
    "reply",
    "reset",
    "serving",
    "silence",
    "stream",
]
