"""`infill lsp` that writes down what it does to the world, one JSON line for each: connects, starts, imports, opens for writing.

WATCHED_LOG names the file. Python's own audit events are what is seen, so nothing of ours has to cooperate.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

SEEN = os.open(os.environ["WATCHED_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "pty.spawn")


def hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        note("connect", str(arguments[1]))
    elif event == "socket.getaddrinfo":
        note("look up", str(arguments[0]))
    elif event in STARTS:
        note("start", str(arguments[:2]))
    elif event == "exec":
        note("code", str(getattr(arguments[0], "co_filename", "")))
    elif event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        note("write", str(arguments[0]))


def note(kind: str, what: str) -> None:
    os.write(SEEN, (json.dumps([kind, what]) + "\n").encode())


if __name__ == "__main__":
    from editors.headless.cli import main

    sys.addaudithook(hook)
    sys.exit(main(["lsp"]))
