"""When a server on the stage says that it has nothing to do: time goes on then."""

from __future__ import annotations

import select
import socket
from contextlib import closing

from editors.headless.frozen import FrozenLoop, FrozenSelector


def test_a_server_whose_thread_is_at_work_is_not_idle() -> None:
    bench, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def told() -> bool:
        return bool(select.select([bench], [], [], 0.1)[0])

    with bench, theirs, closing(FrozenLoop(FrozenSelector(theirs.fileno()))) as loop:
        assert not loop.run_until_complete(loop.run_in_executor(None, told))
