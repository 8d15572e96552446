"""The host's process: takes its seat, loads the model, listens, says that it is ready, and leaves nothing behind when it ends.

Who may ask is decided by where it listens: a Unix socket that only its owner can open, loopback with a random token, or, where
the user says so and sets a key, an address that other machines reach.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from backends import discovery
from backends.discovery import Host
from backends.host.access import LOOPBACK, App, Rules
from backends.host.folder import Unusable
from backends.host.loading import Loaded, Wanted, load
from backends.host.memory import Precision
from backends.host.patience import patient
from backends.host.seat import Seat, Taken
from backends.keys import Secret
from context.clock import Clock, MonotonicClock

if TYPE_CHECKING:
    from backends.host.metrics import Metrics
    from backends.host.scheduler import Scheduler

log = logging.getLogger(__name__)

LONGEST_SOCKET = 100
"""Bytes of a path that every system takes for a Unix socket."""
KEEP_ALIVE = 180
MOST_CONNECTIONS = 512
CHECK_EVERY = 5.0


@dataclass(frozen=True, slots=True)
class Options:
    """How to serve. With neither `port` nor `address` it is a Unix socket; `port` alone is loopback, 0 for any; `address` is
    where other machines reach it, and needs `key`; `names` are further names that they use for it. `idle` in seconds, 0 for
    never. `ready` is told, in a sentence, where it listens."""

    wanted: Wanted
    port: int | None = None
    address: str = ""
    key: str = ""
    names: tuple[str, ...] = ()
    idle: float = 0.0
    limit: float = 60.0
    folder: Path = field(default_factory=discovery.runtime_folder)
    ready: Callable[[str], None] = log.info


def serve(options: Options, progress: Callable[[str], None], clock: Clock | None = None) -> None:
    """Returns when it was told to end. Raises `Unusable`, `Taken`, `NotPrivate` or OSError."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # read when torch is loaded; see backends/host/jobs.py
    os.environ["HF_HUB_OFFLINE"] = "1"
    clock = clock or MonotonicClock()
    name = options.wanted.name or options.wanted.model
    with _terminated_in_peace(), Seat(options.folder, name) as seat, _listening(options, seat) as listening:

        def tell(sentence: str) -> None:
            seat.doing(sentence)
            progress(sentence)

        try:
            loaded = load(options.wanted, tell)
            asyncio.run(_serve(options, seat, listening, loaded, clock, tell))
        except Unusable as error:
            seat.failed(str(error))
            raise
        finally:
            discovery.withdraw(seat.announced_in)


@dataclass(frozen=True, slots=True)
class Assembled:
    """A loaded model behind its application. Close the scheduler at the end."""

    app: App
    metrics: Metrics
    scheduler: Scheduler
    quick_tokens: int


def assemble(
    loaded: Loaded, rules: Rules, clock: Clock, *, limit: float, progress: Callable[[str], None] = log.info
) -> Assembled:
    """The parts of a host, but for what it listens on."""
    from backends.host.engine import Engine, is_out_of_memory
    from backends.host.http import application
    from backends.host.jobs import HostOutOfMemory, Unsuitable
    from backends.host.metrics import Metrics
    from backends.host.quick import quick_tokens
    from backends.host.scheduler import Scheduler
    from backends.host.service import Service

    int8 = loaded.precision is Precision.INT8
    try:
        longest = loaded.model.context_tokens
        engine = Engine.of(
            loaded.weights, cache_bytes=loaded.cache_bytes, int8=int8, longest=longest, progress=progress
        )
    except Unsuitable as error:
        raise Unusable(str(error)) from error
    except (HostOutOfMemory, MemoryError, RuntimeError) as error:
        if not isinstance(error, HostOutOfMemory) and not is_out_of_memory(error):
            raise
        raise Unusable(
            f"{loaded.model.name} and its cache do not fit into the memory after all: close what else uses it, or choose a "
            "smaller model or a smaller --context-tokens."
        ) from error
    quick = quick_tokens(engine, clock)
    scheduler, metrics = Scheduler(engine, clock), Metrics(loaded.model.name, clock)
    service = Service(loaded.model, scheduler, clock, limit=limit, count=metrics.cost)
    return Assembled(application(service, metrics, rules, clock), metrics, scheduler, quick)


async def _serve(
    options: Options, seat: Seat, listening: socket.socket, loaded: Loaded, clock: Clock, tell: Callable[[str], None]
) -> None:
    host = _announced(options, listening, loaded)
    made = assemble(loaded, _rules(options, host), clock, limit=options.limit, progress=tell)

    def ready() -> None:
        if not options.address:
            discovery.announce(replace(host, quick_tokens=made.quick_tokens), seat.announced_in)
        seat.ready()
        where = host.socket or host.root if not options.address else f"http://{options.address}:{host.port}"
        options.ready(f"{host.model} is served at {where}.")

    server = _Server(made.app, ready)
    watch = asyncio.create_task(_end_when_idle(server, made.metrics, options.idle, clock), name="infill-idle")
    try:
        await server.serve(sockets=[listening])
    finally:
        watch.cancel()
        await made.scheduler.close()


class _Server(uvicorn.Server):
    """Calls `ready` when it listens, and ends in peace when it is told to: uvicorn's own way raises the signal once more."""

    def __init__(self, app: App, ready: Callable[[], None], http: Any = None) -> None:
        super().__init__(
            uvicorn.Config(
                app, log_config=None, access_log=False, lifespan="off", ws="none", http=http or patient(), server_header=False,
                date_header=False, timeout_keep_alive=KEEP_ALIVE, limit_concurrency=MOST_CONNECTIONS,
                timeout_graceful_shutdown=2,
            )
        )  # fmt: skip
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        heard = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
        for number in heard:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


async def _end_when_idle(server: _Server, metrics: Metrics, idle: float, clock: Clock) -> None:
    """Ends the host when nobody has asked for `idle` seconds."""
    while idle > 0 and metrics.idle_for() < idle:
        await clock.sleep(min(idle, CHECK_EVERY))
    if idle > 0:
        log.info("nobody asked for %.0f s: the host ends", idle)
        server.should_exit = True


def _announced(options: Options, listening: socket.socket, loaded: Loaded) -> Host:
    """What clients find. A token is made anew with every start."""
    model = loaded.model
    made = Host(os.getpid(), model.name, model.context_tokens, aliases=model.aliases, talks=model.chat.is_there)
    if listening.family == socket.AF_UNIX:
        return replace(made, socket=Path(listening.getsockname()))
    return replace(made, port=listening.getsockname()[1], token=Secret(options.key or secrets.token_hex(32)))


def _rules(options: Options, host: Host) -> Rules:
    if not options.address:
        return Rules(host.token, proves=True)
    names = (options.address, *options.names, *LOOPBACK, socket.gethostname(), socket.getfqdn())
    return Rules(host.token, hosts=tuple(name.lower() for name in names))


@contextmanager
def _listening(options: Options, seat: Seat) -> Iterator[socket.socket]:
    """The bound socket, before anything is loaded, so that a port in use is said at once."""
    if options.address and not options.key:
        raise Unusable("Other machines may only be answered with a key: set INFILL_SERVE_KEY, or name a --key-file.")
    path = seat.announced_in / "host.sock"
    if options.port is None and not options.address and len(os.fsencode(path)) <= LONGEST_SOCKET:
        path.unlink(missing_ok=True)  # a dead host's: the seat is ours
        bound, before = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), os.umask(0o177)
        try:
            bound.bind(str(path))
        finally:
            os.umask(before)
        try:
            yield bound
        finally:
            bound.close()
            path.unlink(missing_ok=True)
        return
    place = (options.address or "127.0.0.1", options.port or 0)
    with socket.create_server(place, family=socket.AF_INET6 if ":" in place[0] else socket.AF_INET) as bound:
        yield bound


@contextmanager
def _terminated_in_peace() -> Iterator[None]:
    """A signal to end also while the model is loaded: what was made is taken away."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main() -> None:
    """A host that an editor's server starts: `python -I -c … ORDERS`. What it has to say is in the file that `Seat` writes."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    orders = json.loads(sys.argv[-1])
    wanted = Wanted(orders["model"], context_tokens=orders["context_tokens"])
    with contextlib.suppress(Taken):
        try:
            serve(Options(wanted, idle=orders["idle"], folder=Path(orders["folder"])), log.info)
        except (Unusable, OSError) as error:
            log.error("%s", error)
            sys.exit(1)
