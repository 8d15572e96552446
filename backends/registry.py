"""From settings to a backend: the one place where one is made. Adding one is a file, a function here, and a row of `SERVERS`.

`local_only` holds by construction: whatever could send is made from an `Endpoint`, and `endpoint`, the only maker of one,
refuses an address beyond this machine. Files are imported when their backend is built, never before.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from backends import keys
from backends.address import is_local, origin_of, root_of
from backends.api import Chatter, Infiller
from backends.audit import AuditLog
from backends.breaker import Breaker
from backends.closed import Closed
from backends.errors import BackendError, BadRequest
from backends.keys import Found, Secret
from backends.route import Leg, Route
from backends.scripted import ScriptedInfiller
from backends.unproven import Unproven
from backends.wiring import Wiring
from context.clock import Clock
from context.privacy import Gate

if TYPE_CHECKING:
    from backends.host.launch import Launcher
    from backends.running_host import RunningHost


UNASKED = "`base_url` is set ({whence}); with `auto` it means Mistral's address, and without a key it is not asked."
UNASKED_MEND = "Set `backend` to openai, llama_cpp or mistral, whichever answers there."


@dataclass(frozen=True, slots=True)
class BackendConfig:
    """What the settings say about backends. `base_url`, `api_key`, `proxy` and `ca_file` are the user's own: command line,
    environment, editor or user file, never a project's. `timeout` and `connect_timeout` in seconds; `api_key` where the editor
    hands one over in memory. With `auto`, `base_url` and `model` are Mistral's. `fim_template` is a name in
    `templates.TEMPLATES` or "suffix", "" for what the model's name says; `chat_model` "" for the backend's choice; `host_idle`
    seconds after which a host that was started for us ends."""

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
    fim_template: str = ""
    chat_model: str = ""
    chat_timeout: float = 120.0
    audit: AuditLog | None = None
    host_idle: float = 1800.0

    @property
    def wiring(self) -> Wiring:
        return Wiring(
            connect=self.connect_timeout,
            total=self.timeout,
            ca_file=self.ca_file,
            proxy=self.proxy,
            audit=self.audit,
        )

    @property
    def chat_wiring(self) -> Wiring:
        """For answers that are read, not typed into: a model may think for most of the time it has."""
        return replace(self.wiring, read=self.chat_timeout, total=self.chat_timeout)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server that may be asked: its root URL, the key bound to its origin, and how to reach it."""

    root: str
    key: Found | None
    wiring: Wiring

    @property
    def secret(self) -> Secret | None:
        return self.key.secret if self.key else None


@dataclass(frozen=True, slots=True)
class Server:
    """A row of `SERVERS`: the address where the user names none, how to make the backend, and its side that talks."""

    default_url: str
    make: Callable[[BackendConfig, Endpoint, Clock], Infiller]
    chats: Callable[[BackendConfig, Endpoint, Clock], Chatter]


def _mistral(config: BackendConfig, endpoint: Endpoint, clock: Clock) -> Infiller:
    from backends.mistral import Mistral

    return Mistral(endpoint.root, key=endpoint.secret, clock=clock, model=config.model, wiring=endpoint.wiring)


def _openai(config: BackendConfig, endpoint: Endpoint, clock: Clock) -> Infiller:
    from backends.openai import OpenAI

    template = config.fim_template
    return OpenAI(
        endpoint.root, model=config.model, template=template, key=endpoint.secret, wiring=endpoint.wiring, clock=clock
    )


def _llama_cpp(config: BackendConfig, endpoint: Endpoint, clock: Clock) -> Infiller:
    from backends.llama_cpp import LlamaCpp

    return LlamaCpp(endpoint.root, model=config.model, key=endpoint.secret, wiring=endpoint.wiring, clock=clock)


def _mistral_chat(config: BackendConfig, endpoint: Endpoint, clock: Clock) -> Chatter:
    from backends.mistral_chat import MistralChat

    return MistralChat(
        endpoint.root, key=endpoint.secret, clock=clock, model=config.chat_model, wiring=config.chat_wiring
    )


def _openai_chat(config: BackendConfig, endpoint: Endpoint, clock: Clock) -> Chatter:
    from backends.openai_chat import OpenAIChat

    return OpenAIChat(
        endpoint.root,
        backend=config.name,
        model=config.chat_model,
        key=endpoint.secret,
        wiring=config.chat_wiring,
        clock=clock,
    )


SERVERS: Mapping[str, Server] = {
    "mistral": Server("https://api.mistral.ai", _mistral, _mistral_chat),
    "openai": Server("http://127.0.0.1:8000", _openai, _openai_chat),
    "llama_cpp": Server("http://127.0.0.1:8080", _llama_cpp, _openai_chat),
}


def build(
    config: BackendConfig,
    *,
    roots: Sequence[Path],
    gate: Gate,
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
    known = os.environ if environment is None else environment
    match config.name:
        case "workspace":
            return _workspace(roots, gate, store, clock)
        case "host":
            return Breaker(_host(config, clock, notify), clock)
        case "scripted":
            return ScriptedInfiller([config.model] if config.model else [], clock)
        case "auto":
            host = _any_host(config, clock)  # `model` is Mistral's here; a host answers with the one it has loaded
            here = [Leg(host, lambda: host.is_there), Leg(_workspace(roots, gate, store, clock))]
            return Route([*_remote_leg(config, known, clock), *here], clock, failover=config.failover, notify=notify)
        case name if name in SERVERS:
            return _server(config, known, clock)
        case name:
            return Closed(BadRequest(name, "There is no such backend.", f"Set `backend` to one of {', '.join(NAMES)}."))


NAMES = ("auto", *SERVERS, "host", "workspace", "scripted")
CHAT_MEND = "For explanations, edits and reviews, set a key with `infill key set`, or `backend` to a server that chats."
NO_HOST = (
    "Run `infill serve --model MODEL` with a model that has a chat template, such as an -Instruct one; or set a key with"
    " `infill key set`, and `backend` to `mistral`."
)


def chatter(config: BackendConfig, *, clock: Clock, environment: Mapping[str, str] | None = None) -> Chatter:
    """Who talks for the backend that `config` names. Raises a `BackendError` that says what to set where nobody can."""
    known = os.environ if environment is None else environment
    if config.name == "scripted":
        from backends.scripted_chat import ScriptedChatter

        return ScriptedChatter([[config.chat_model]] if config.chat_model else [], clock)
    if config.name == "host":
        return _host_chat(config, clock)
    if config.name not in SERVERS and config.name != "auto":
        raise BadRequest(config.name, "This backend completes code and cannot talk.", CHAT_MEND)
    found = endpoint(config, known, instead="`host`")
    if config.name == "auto" and not found.key:
        raise BadRequest("auto", "No backend that can talk is set up.", CHAT_MEND)
    return SERVERS["mistral" if config.name == "auto" else config.name].chats(config, found, clock)


def endpoint(
    config: BackendConfig, environment: Mapping[str, str], *, instead: str = "`host` or `workspace`"
) -> Endpoint:
    """The server that the configuration names, with its key; raises `BadRequest` where it may not be asked, which says what
    `instead` of it stays on this machine."""
    name = "mistral" if config.name == "auto" else config.name
    try:
        root = root_of(config.base_url or SERVERS[name].default_url)
    except ValueError as error:
        raise BadRequest(name, str(error), f"Set `base_url` to a host, such as {SERVERS[name].default_url}.") from error
    if config.local_only and not is_local(root):
        what = f"`local_only` is set, and {origin_of(root)} is another machine."
        raise BadRequest(name, what, f"Switch `local_only` off, or set `backend` to {instead}.")
    given = Found(config.api_key, "the editor") if config.api_key else None
    return Endpoint(root, given or keys.find(origin_of(root), environment, backend=name), config.wiring)


def unasked_address(config: BackendConfig, environment: Mapping[str, str]) -> bool:
    """Whether a `base_url` is set that `auto` does not ask for want of a key: it looks like a server of the user's own that
    does not answer."""
    if config.name != "auto" or not config.base_url:
        return False
    try:
        return endpoint(config, environment).key is None
    except BackendError:
        return False  # said elsewhere, with its own reason


def _server(config: BackendConfig, environment: Mapping[str, str], clock: Clock) -> Infiller:
    try:
        return Breaker(SERVERS[config.name].make(config, endpoint(config, environment), clock), clock)
    except BackendError as error:
        return Closed(error)


def _remote_leg(config: BackendConfig, environment: Mapping[str, str], clock: Clock) -> list[Leg]:
    """Mistral, where a key is set and the address may be asked. An address of the user's own that is none is said."""
    try:
        found = endpoint(config, environment)
    except BackendError as error:
        return [Leg(Closed(error))] if config.base_url and not config.local_only else []
    if not found.key:
        return []
    mistral = _mistral(config, found, clock)
    return [Leg(Unproven(mistral, clock) if config.failover else mistral)]


def _any_host(config: BackendConfig, clock: Clock) -> RunningHost:
    from backends.running_host import RunningHost
    from backends.to_host import ToHost

    return RunningHost(ToHost(clock=clock, wiring=config.wiring))


def _host(config: BackendConfig, clock: Clock, notify: Callable[[str], None]) -> RunningHost:
    """The host of the user's model, which is started where it does not run."""
    from backends.running_host import RunningHost
    from backends.to_host import ToHost

    launcher = _launcher(config, clock)
    return RunningHost(ToHost(clock=clock, wiring=config.wiring, model=config.model, launcher=launcher, notify=notify))


def _host_chat(config: BackendConfig, clock: Clock) -> Chatter:
    """Raises where no host could talk, or the one that runs has a model that cannot."""
    from backends.host_chat import MEND, HostChat
    from backends.to_host import ToHost

    way = ToHost(clock=clock, wiring=config.chat_wiring, model=config.model, launcher=_launcher(config, clock))
    host = way.find()
    if host is not None and not host.talks:
        raise BadRequest("host", f"The model host has {host.model}, which completes code and cannot talk.", MEND)
    if host is None and way.launcher is None:
        raise BadRequest("host", "No model host is running, and `model` names none to start.", NO_HOST)
    return HostChat(way)


def _launcher(config: BackendConfig, clock: Clock) -> Launcher | None:
    """Only a model that the user set is started."""
    from backends.host.launch import Launcher

    return Launcher(config.model, clock, idle=config.host_idle) if config.model else None


def _workspace(roots: Sequence[Path], gate: Gate, store: Path | None, clock: Clock) -> Infiller:
    from backends.workspace.backend import WorkspaceInfiller

    return WorkspaceInfiller(roots, gate, store, clock)
