"""The process that frozen servers are forked from: see `nursery.py`, which is its other end.

`python -P -m editors.headless.frozen_servers ORDERS [indexed]`; ORDERS is the number of a socket.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
from collections.abc import Sequence

import backends
import context
import lsp_server
from backends.workspace import building
from editors.headless.frozen import FrozenLoop, FrozenSelector, LoopClock
from lsp_server.__main__ import main as serve
from lsp_server.command_line import add_flags, given
from lsp_server.start import session_factory

LONGEST_ORDER = 1 << 16  # bytes


class Indexed:
    """Stands for the process that builds the workspace model's index: the bench has made it of this very tree already."""

    running = False

    def __init__(self, *_: object) -> None:
        pass

    def end(self) -> None:
        pass


def main() -> None:
    orders = socket.socket(fileno=int(sys.argv[1]))
    _load()
    if "indexed" in sys.argv[2:]:
        building.Build = Indexed  # type: ignore[misc, assignment]
    while True:
        said, descriptors, _, _ = socket.recv_fds(orders, LONGEST_ORDER, 3)
        if not said:
            return  # the bench has gone
        order = json.loads(said)
        if "end" in order:
            os.kill(order["end"], signal.SIGKILL)
            os.waitpid(order["end"], 0)
            orders.send(b"{}")
        else:
            pid = _forked(orders, order["flags"], descriptors)
            orders.send(json.dumps({"pid": pid}).encode())


def _forked(orders: socket.socket, flags: Sequence[str], descriptors: Sequence[int]) -> int:
    pid = os.fork()
    if not pid:
        try:
            orders.close()
            _begin(flags, *descriptors)
        finally:
            os._exit(1)
    for each in descriptors:
        os.close(each)
    return pid


def _load() -> None:
    """All that a server may import, so that none of them has to. No module does anything but define what is in it."""
    for layer in (context, backends, lsp_server):
        for module in pkgutil.walk_packages(layer.__path__, f"{layer.__name__}."):
            if not module.name.startswith("backends.host") and not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    gc.freeze()  # what is loaded is shared with the children, and is no garbage


def _begin(flags: Sequence[str], stdin: int, stdout: int, control: int) -> None:
    """The server, as `infill lsp` is, but for its clock. Ends the process."""
    os.dup2(stdin, 0)
    os.dup2(stdout, 1)
    os.close(stdin)
    os.close(stdout)
    selector = FrozenSelector(control)

    class Policy(asyncio.DefaultEventLoopPolicy):
        def new_event_loop(self) -> asyncio.AbstractEventLoop:
            return FrozenLoop(selector)

    asyncio.set_event_loop_policy(Policy())
    parser = argparse.ArgumentParser()
    add_flags(parser)
    serve(session_factory(given(parser.parse_args(flags)), os.environ, clock=LoopClock(selector)))


if __name__ == "__main__":
    main()
