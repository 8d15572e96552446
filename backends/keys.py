"""API keys: where they are kept, and the one server that each may go to.

A key is bound to an origin (scheme, host and port). It goes to the origin that the command line or the user's own settings
name, the provider's default otherwise, and to no other: not after a redirect, and never to an address from a project's file,
because the settings accept no base URL from there. The order of search: environment, keyring, file.
"""

from __future__ import annotations

import hmac
import importlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Protocol, cast

from backends import private_file

log = logging.getLogger(__name__)

SERVICE = "infill"
"""The name of our entries in the keyring; the user name of an entry is the origin."""

ENVIRONMENT: Mapping[str, tuple[str, ...]] = {
    "mistral": ("MISTRAL_API_KEY", "CODESTRAL_API_KEY"),
    "openai": ("INFILL_API_KEY",),
    "llama_cpp": ("INFILL_API_KEY",),
}
"""Backend → variables whose key goes to that backend's base URL. `OPENAI_API_KEY` is not among them: people have it set for
another service, and a base URL of their own must not get it by accident."""

CODESTRAL_HOST = "https://codestral.mistral.ai:443"


class Secret:
    """A key in memory. It shows as *** wherever it is printed, logged or formatted; `reveal` is for the request's header."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value.strip()

    def reveal(self) -> str:
        return self._value

    @property
    def fits_a_header(self) -> bool:
        """One line of visible ASCII characters, not without end; nothing else can be sent."""
        return len(self._value) <= LONGEST and all("!" <= character <= "~" for character in self._value)

    @property
    def _bytes(self) -> bytes:
        return self._value.encode("utf-8", "surrogatepass")

    def __repr__(self) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._bytes, other._bytes)

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not written to files or sent to other processes.")


LONGEST = 4096
"""Characters of a key; servers refuse headers not much longer."""


@dataclass(frozen=True, slots=True)
class Found:
    """A key and where it came from, in words for `infill doctor`."""

    secret: Secret
    provenance: str


class Keyring(Protocol):
    """The part of the `keyring` package that is used."""

    def get_password(self, service: str, user: str) -> str | None: ...
    def set_password(self, service: str, user: str, password: str) -> None: ...
    def delete_password(self, service: str, user: str) -> None: ...


def find(
    origin: str,
    environment: Mapping[str, str],
    *,
    backend: str = "mistral",
    keyring: Keyring | None = None,
    file: Path | None = None,
) -> Found | None:
    """The key for `origin` (as `address.origin_of` writes it), None where there is none. `keyring` and `file` are the user's
    own unless given. A store that cannot be used safely is passed over; `problem` says why."""
    for name in _variables(backend, origin):
        if value := environment.get(name, "").strip():
            return Found(Secret(value), f"the environment variable {name}")
    ring = keyring or _keyring()
    if ring is not None and (value := _from_ring(ring, origin)):
        return Found(Secret(value), "the keyring")
    path = file or default_file()
    try:
        value = _read(path).get(origin, "").strip()
    except (private_file.NotPrivate, OSError, ValueError) as error:
        log.warning("the key file is not used: %s", type(error).__name__)
        return None
    return Found(Secret(value), f"the file {path}") if value else None


def set(origin: str, secret: Secret, *, keyring: Keyring | None = None, file: Path | None = None) -> str:
    """Keeps a key for `origin`; returns where, in words. An empty key is a ValueError; a file that cannot be written, or that
    others can read, raises OSError or `private_file.NotPrivate`."""
    if not secret or not secret.fits_a_header:
        raise ValueError("A key is one line of visible ASCII characters.")
    ring = keyring or _keyring()
    if ring is not None:
        try:
            ring.set_password(SERVICE, origin, secret.reveal())
        except Exception as error:  # a keyring's own failures have no common type: locked, no desktop, no D-Bus
            log.info("the keyring refused the key: %s", type(error).__name__)
        else:
            return "the keyring"
    path = file or default_file()
    kept = _read(path)
    kept[origin] = secret.reveal()
    private_file.write(path, json.dumps(kept, indent=2).encode())
    return f"the file {path}"


def clear(origin: str, *, keyring: Keyring | None = None, file: Path | None = None) -> tuple[str, ...]:
    """Forgets the key for `origin` everywhere; returns where one was. Environment variables are not ours to clear."""
    cleared: list[str] = []
    ring = keyring or _keyring()
    if ring is not None and _from_ring(ring, origin):
        ring.delete_password(SERVICE, origin)
        cleared.append("the keyring")
    path = file or default_file()
    kept = _read(path)
    if kept.pop(origin, None) is not None:
        private_file.write(path, json.dumps(kept, indent=2).encode())
        cleared.append(f"the file {path}")
    return tuple(cleared)


def problem(*, file: Path | None = None) -> str:
    """Why the key file is not used, in words for `infill doctor`; "" where nothing is wrong."""
    try:
        _read(file or default_file())
    except (private_file.NotPrivate, OSError, ValueError) as error:
        return str(error)
    return ""


def default_file() -> Path:
    from platformdirs import user_config_path

    return user_config_path("infill") / "keys.json"


def _variables(backend: str, origin: str) -> tuple[str, ...]:
    names = ENVIRONMENT.get(backend, ())
    return names[::-1] if origin == CODESTRAL_HOST else names


def _keyring() -> Keyring | None:
    try:
        return cast(Keyring, importlib.import_module("keyring"))
    except ImportError:
        return None


def _from_ring(ring: Keyring, origin: str) -> str:
    try:
        return (ring.get_password(SERVICE, origin) or "").strip()
    except Exception as error:  # see `set`
        log.info("the keyring did not answer: %s", type(error).__name__)
        return ""


def _read(path: Path) -> dict[str, str]:
    content = private_file.read(path)
    if content is None:
        return {}
    try:
        kept = json.loads(content)
    except (ValueError, RecursionError):
        kept = None
    if not isinstance(kept, dict) or not all(isinstance(key, str) for key in kept.values()):
        raise ValueError(f"{path} is damaged; remove it and run `infill key set` again.")
    return kept
