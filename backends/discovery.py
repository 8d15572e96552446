"""How a model host on this machine is found: the contract between a host and every editor's server.

The host and its clients share one runtime folder, `$XDG_RUNTIME_DIR/infill`, or `run` in Infill's state folder where that is not
set. It belongs to the user and has mode 0700. When it is ready to answer, the host writes there, at once and with mode 0600:

    host.json   {"protocol": 1, "pid": 4711, "socket": "/run/user/1000/infill/host.sock", "model": "…", "context_tokens": 8192}
    or          {"protocol": 1, "pid": 4711, "port": 40123, "token_file": "host.token", "model": "…", "context_tokens": 8192}
    host.token  with a port only: 32 random bytes in hexadecimal, one line

and takes them away when it ends. A second host, of another model, does the same in a folder of its own below (`own_folder`).
`aliases` may be there too, other names under which the model is asked for, `talks`, true for a model that chats, and
`quick_tokens`, as long a prompt as it reads in two seconds.

With `socket` it listens on that Unix socket, mode 0600, in the folder of its announcement; otherwise on 127.0.0.1 with the token
as bearer token on every request. It speaks Mistral's HTTP contract (`/v1/fim/completions`, `/v1/models`), so its client is
`backends/mistral.py`. A client refuses what others could have written: a folder or file that is a link, another user's, or open
to others; a socket or token outside the folder; a host whose process is gone.

A port may have come to another program since. Before its token or any text goes to a port, a client asks `/infill/proof/NONCE`
there without either, and goes on only if the body is the JSON string `proof(token, NONCE)`, which only the host can know.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backends import private_file
from backends.keys import Secret
from context.private_folder import make_private

PROTOCOL = 1
ANNOUNCEMENT = "host.json"
TOKEN = "host.token"  # noqa: S105 - a file's name


class NoHost(Exception):
    """Why no host can be used, in words."""


@dataclass(frozen=True, slots=True)
class Host:
    """A running model host: on a socket, or on a port with a token."""

    pid: int
    model: str
    context_tokens: int
    socket: Path | None = None
    port: int = 0
    token: Secret | None = None
    aliases: tuple[str, ...] = ()
    talks: bool = False
    quick_tokens: int = 0

    @property
    def root(self) -> str:
        """The URL to ask; the name is of no meaning with a socket."""
        return "http://localhost" if self.socket else f"http://127.0.0.1:{self.port}"


def runtime_folder() -> Path:
    """Not platformdirs' runtime path, which is a guessable name in /tmp where the variable is not set."""
    from platformdirs import user_state_path

    given = os.environ.get("XDG_RUNTIME_DIR", "")
    return Path(given) / "infill" if given.startswith("/") else user_state_path("infill") / "run"


def proof(token: Secret, nonce: str) -> str:
    """HMAC-SHA-256 of the nonce under the token, in hexadecimal."""
    return hmac.new(token.reveal().encode(), nonce.encode(), "sha256").hexdigest()


def own_folder(folder: Path, model: str) -> Path:
    """What belongs to the host of this model alone: its lock, its log, and its place where another host has the folder above."""
    return folder / hashlib.blake2b(model.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def find(folder: Path | None = None, model: str = "") -> Host:
    """The running host, of this `model` where one is named. Raises `NoHost`; asks nothing of the network."""
    folder = folder or runtime_folder()
    why: NoHost | None = None
    for place in (folder, *_below(folder)):
        try:
            host = _found(place)
        except NoHost as error:
            why = why or error
            continue
        if model in ("", host.model, *host.aliases):
            return host
    raise why or NoHost(f"The model host that is running has another model than {model}.")


def _below(folder: Path) -> list[Path]:
    """The folders of further hosts that have announced themselves."""
    try:
        return sorted(place for place in folder.iterdir() if (place / ANNOUNCEMENT).exists())
    except OSError:
        return []


def _found(folder: Path) -> Host:
    try:
        if not (folder / ANNOUNCEMENT).exists():
            raise NoHost("No model host is running.")
        private_file.check_folder(folder)
        said = json.loads(private_file.read(folder / ANNOUNCEMENT) or b"")
        host = _host(said, folder)
    except private_file.NotPrivate as error:
        raise NoHost(f"A model host is not trusted: {error}") from error
    except (OSError, ValueError, RecursionError, KeyError, TypeError) as error:
        raise NoHost(
            f"The file {folder / ANNOUNCEMENT} cannot be read; the model host may be of another version."
        ) from error
    if not is_alive(host.pid):
        raise NoHost("The model host has ended without taking its file away.")
    return host


def announce(host: Host, folder: Path | None = None) -> None:
    """Called by a host that is ready: writes the token, then the file that names it. Raises `NotPrivate` or OSError."""
    folder = folder or runtime_folder()
    make_private(folder)
    private_file.check_folder(folder)
    said: dict[str, object] = {
        "protocol": PROTOCOL,
        "pid": host.pid,
        "model": host.model,
        "context_tokens": host.context_tokens,
    }
    if host.aliases:
        said["aliases"] = list(host.aliases)
    if host.talks:
        said["talks"] = True
    if host.quick_tokens:
        said["quick_tokens"] = host.quick_tokens
    if host.socket:
        said["socket"] = str(host.socket)
    else:
        token = host.token or Secret(secrets.token_hex(32))
        private_file.write(folder / TOKEN, f"{token.reveal()}\n".encode())
        said |= {"port": host.port, "token_file": TOKEN}
    private_file.write(folder / ANNOUNCEMENT, json.dumps(said).encode())


def withdraw(folder: Path | None = None) -> None:
    """Called by a host that ends, and only by the one that announced itself."""
    folder = folder or runtime_folder()
    for name in (ANNOUNCEMENT, TOKEN):
        (folder / name).unlink(missing_ok=True)


def _host(said: Any, folder: Path) -> Host:
    if said["protocol"] != PROTOCOL:
        raise NoHost(
            f"The model host speaks protocol {said['protocol']}, this client {PROTOCOL}: update the older one."
        )
    pid, model, context = int(said["pid"]), str(said.get("model", "")), int(said.get("context_tokens", 8192))
    aliases, talks = tuple(str(alias) for alias in said.get("aliases", ())), said.get("talks") is True
    quick = int(said.get("quick_tokens", 0))
    if "socket" in said:
        socket = Path(str(said["socket"]))
        if socket.parent != folder:
            raise NoHost("The model host's socket is not in the runtime folder.")
        return Host(pid, model, context, socket=socket, aliases=aliases, talks=talks, quick_tokens=quick)
    name = str(said["token_file"])
    if name != Path(name).name:
        raise NoHost("The model host's token is not in the runtime folder.")
    token = Secret((private_file.read(folder / name) or b"").decode("ascii"))
    port = int(said["port"])
    if not token or not 0 < port < 65536:
        raise NoHost("The model host names no port or no token.")
    return Host(pid, model, context, port=port, token=token, aliases=aliases, talks=talks, quick_tokens=quick)


def is_alive(pid: int) -> bool:
    if os.name != "posix":
        return True  # os.kill would end the process there; a dead host then shows as refused connections
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False  # another user's process has the number now
    return True
