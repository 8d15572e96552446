"""From settings to a backend: the one place where one is made. Adding a backend is a file and a row of `SERVERS`.

`local_only` holds by construction: nothing that could send is ever made, because every client comes from an `Endpoint`, and
`_endpoint` is the only maker of one. Files are imported when their backend is built, never before.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backends import keys
from backends.address import is_local, origin_of, root_of
from backends.api import Infiller
from backends.closed import Closed
from backends.errors import BackendError, BadRequest
from backends.http import Wiring
from backends.keys import Found, Secret
from context.clock import Clock


@dataclass(frozen=True, slots=True)
class BackendConfig:
    """What the settings say about backends. Every field is the user's own: command line, environment, editor or user file, and
    never a project's. `timeout` and `connect_timeout` in seconds; `api_key` where the editor hands one over in memory."""

    name: str = "auto"
    base_url: str = ""
    model: str = ""
    local_only: bool = False
    failover: bool = True
    timeout: float = 10.0
    connect_timeout: float = 3.0
    ca_file: str = ""
    proxy: str = ""
    api_key: Secret | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server that may be asked: its root URL, the key bound to its origin, and how to reach it."""

    root: str
    key: Found | None
    wiring: Wiring


@dataclass(frozen=True, slots=True)
class Server:
    """A row of `SERVERS`: the address where the user names none, and how to make the backend."""

    default_url: str
    make: Callable[[BackendConfig, Endpoint, Clock], Infiller]


SERVERS: Mapping[str, Server] = {}


def build(
    config: BackendConfig,
    *,
    roots: Sequence[Path],
    gate: object,
    clock: Clock,
    store: Path | None = None,
    environment: Mapping[str, str] | None = None,
    notify: Callable[[str], None] = lambda sentence: None,
) -> Infiller:
    """The backend that `config` names. It never raises: one that is forbidden or set up wrongly is a `Closed` backend, which
    answers every request and `check` with the reason.

    `store` is the folder where the workspace model may keep what it learnt; `environment` defaults to the process's; `notify`
    takes the sentence that says, once, that another backend has stepped in.
    """
    try:
        server = SERVERS[config.name]
        return server.make(config, _endpoint(config, environment if environment is not None else os.environ), clock)
    except KeyError:
        return Closed(BadRequest(config.name, "There is no such backend.", "Set `backend` to one of the known names."))
    except BackendError as error:
        return Closed(error)


def _endpoint(config: BackendConfig, environment: Mapping[str, str]) -> Endpoint:
    """The server that the configuration names, with its key; raises `BadRequest` where it may not be asked."""
    try:
        root = root_of(config.base_url or SERVERS[config.name].default_url)
    except ValueError as error:
        raise BadRequest(
            config.name, str(error), "Set `base_url` to a host, such as https://api.mistral.ai."
        ) from error
    if config.local_only and not is_local(root):
        what = f"`local_only` is set and {origin_of(root)} is another machine."
        raise BadRequest(config.name, what, "Switch `local_only` off, or choose the backend `host` or `workspace`.")
    given = Found(config.api_key, "the editor") if config.api_key else None
    key = given or keys.find(origin_of(root), environment, backend=config.name)
    wiring = Wiring(connect=config.connect_timeout, total=config.timeout, ca_file=config.ca_file, proxy=config.proxy)
    return Endpoint(root, key, wiring)
