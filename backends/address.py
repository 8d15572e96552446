"""Base URLs as people write them, and the origin that a key is bound to.

All of `api.mistral.ai`, `https://api.mistral.ai/v1`, `http://proxy:4000/mistral` and a whole
`https://…/v1/fim/completions` name a server; `root_of` brings them to the one form that endpoints are appended to.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

ENDPOINTS = ("/fim/completions", "/chat/completions", "/completions", "/embeddings", "/models", "/infill")
"""What people paste at the end of a base URL; the version in front of it goes as well."""

PORTS: Mapping[str, int] = {"http": 80, "https": 443}


def root_of(base_url: str) -> str:
    """The URL that `/v1/…` is appended to: no endpoint, no version, no slash at its end; a path in front is kept.

    Raises ValueError, in words for the user, for what is no http(s) URL or carries a user name, a query or a fragment.
    """
    parts = _split(base_url)
    path = parts.path.rstrip("/")
    for endpoint in ENDPOINTS:
        if path.endswith(endpoint):
            path = path.removesuffix(endpoint)
            break
    path = path.removesuffix("/v1").rstrip("/")
    return f"{parts.scheme}://{_host_and_port(parts)}{path}"


def origin_of(base_url: str) -> str:
    """scheme://host:port in lower case, the port always given. Raises ValueError like `root_of`."""
    parts = _split(base_url)
    return f"{parts.scheme}://{_bracketed(parts)}:{parts.port or PORTS[parts.scheme]}"


def is_local(base_url: str) -> bool:
    """Whether the server is on this machine: `localhost` or a loopback address. Other names are never looked up."""
    host = _split(base_url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(base_url: str) -> SplitResult:
    text = base_url.strip()
    if "://" not in text:
        text = f"{'http' if _looks_local(text) else 'https'}://{text}"
    try:
        parts = urlsplit(text)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_right = SplitResult("", "", "", "", ""), False
    if parts.scheme not in PORTS or not parts.hostname or not port_is_right:
        raise ValueError("The base URL is not an http or https address.")
    if parts.username is not None or parts.password is not None:
        raise ValueError("The base URL holds a user name or a password; a key belongs in `infill key set`.")
    if parts.query or parts.fragment:
        raise ValueError("The base URL holds a query or a fragment, which an endpoint cannot follow.")
    if any(character.isspace() or not character.isprintable() for character in text):
        raise ValueError("The base URL holds a space or a control character.")
    return parts


def _looks_local(text: str) -> bool:
    host = text.partition("/")[0].rpartition("@")[2]
    return host.partition(":")[0] in ("localhost", "127.0.0.1") or host.startswith("[::1]")


def _host_and_port(parts: SplitResult) -> str:
    return _bracketed(parts) if parts.port in (None, PORTS[parts.scheme]) else f"{_bracketed(parts)}:{parts.port}"


def _bracketed(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return f"[{host}]" if ":" in host else host
