"""Where the servers of a bench come from: one process that has loaded their code, and forks itself for each of them.

Loading takes half a second of processor time, several times what a server then does for a line or two, and a replay wants two
servers for each commit. What is forked has made no session and read no file of any project: each server begins with code
and nothing else, like one that an editor starts.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

OWN = Path(__file__).resolve().parents[2]


class Silent(Exception):
    """A server's process ended, or does nothing for ever."""


@dataclass(frozen=True, slots=True)
class Server:
    """The pipes of an editor, and the socket by which its time is moved."""

    pid: int
    stdin: IO[bytes]
    stdout: IO[bytes]
    control: socket.socket


class Nursery:
    """Use as a context manager. `root` is the folder in which servers run; `home` the folder of their user, so that nothing of
    the real user's settings, keys and indexes is in it. `indexed`: the workspace model's index is made by the bench."""

    def __init__(self, root: Path, home: Path, *, indexed: bool = False) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-P", "-m", "editors.headless.frozen_servers", str(theirs.fileno())]
        self._process = subprocess.Popen(
            [*command, *(["indexed"] if indexed else [])],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=root,
            env=_environment(home),
            pass_fds=[theirs.fileno()],
        )
        theirs.close()

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """A server that still runs ends by itself when its time has gone."""
        self._orders.close()
        self._process.kill()
        self._process.wait()

    def server(self, flags: Sequence[str]) -> Server:
        """One that has just begun, with these flags of `infill lsp`. Raises `Silent` where it does not."""
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        (stdin, to_server), (from_server, stdout) = os.pipe(), os.pipe()
        try:
            pid = self._ordered({"flags": list(flags)}, [stdin, stdout, theirs.fileno()])["pid"]
        finally:
            os.close(stdin)
            os.close(stdout)
            theirs.close()
        return Server(pid, os.fdopen(to_server, "wb"), os.fdopen(from_server, "rb", 0), control)

    def end(self, server: Server) -> None:
        """Kills it. Its number is its own until then: it is the nursery that waits for it."""
        try:
            self._ordered({"end": server.pid})
        finally:
            for each in (server.stdin, server.stdout, server.control):
                with suppress(OSError):  # what was still to be written goes nowhere
                    each.close()

    def _ordered(self, order: Mapping[str, Any], descriptors: Sequence[int] = ()) -> Mapping[str, Any]:
        try:
            socket.send_fds(self._orders, [json.dumps(order).encode()], descriptors)
            said = self._orders.recv(1 << 12)
        except OSError:
            said = b""
        if not said:
            raise Silent("The process that language servers come from has ended.")
        answer: Mapping[str, Any] = json.loads(said)
        return answer


def _environment(home: Path) -> Mapping[str, str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith(("INFILL_", "CODESTRAL_"))}
    made = {**given, "HOME": str(home), "MISTRAL_API_KEY": "bench", "NO_PROXY": "127.0.0.1"}
    made |= {f"XDG_{kind}_HOME": str(home) for kind in ("CONFIG", "CACHE", "DATA", "STATE")}
    made["XDG_RUNTIME_DIR"] = str(home / "run")
    made["OPENBLAS_NUM_THREADS"] = "1"  # only a process of one thread can be forked at any moment
    made["PYTHONPATH"] = os.pathsep.join(filter(None, [str(OWN), os.environ.get("PYTHONPATH", "")]))
    return made
