"""What went wrong below HTTP, in words: names, connections, proxies, certificates and time each have another mend."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from backends.errors import AGAIN, BackendError, BadReply, BadRequest, TimedOut, Unreachable
from backends.wiring import Wiring


def below_http(error: Exception, name: str, server: str, wiring: Wiring, proxy: str) -> BackendError:
    """`error` is httpx2's, or a time-out of our own, of the backend `name` at `server`; `proxy` is the URL it went through, if
    any. Its password is not repeated. The library's errors are known by their names: it stays behind its one door."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "ProxyError" in kinds:
        return Unreachable(name, f"The proxy {_without_password(proxy)} refuses: {error}.", "Check `proxy`.")
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            what = f"The certificate of {server} is not trusted: {cause.verify_message.rstrip('.')}."
            return Unreachable(name, what, "If your company signs its own, name its file in `ca_file`.")
        if isinstance(cause, ssl.SSLError):
            why = f": {cause.reason}" if cause.reason else ""
            return Unreachable(name, f"No secure connection to {server}{why}.", "Check `base_url` and `proxy`.")
        if isinstance(cause, socket.gaierror):
            return Unreachable(name, f"The name in {server} is not known.", "Check the network and `base_url`.")
    if kinds & {"ConnectError", "ConnectTimeout"}:
        through = f" through the proxy {_without_password(proxy)}" if proxy else ""
        waited = f" within {wiring.connect:g} s" if "ConnectTimeout" in kinds else ""
        what = f"No connection to {wiring.socket or server}{through}{waited}."
        return Unreachable(name, what, "Check that it runs and that the network is up.")
    if kinds & {"TimeoutException", "TimeoutError"}:
        mend = f"{AGAIN} `timeout_ms` says how long to wait."
        return TimedOut(name, f"{server} took longer than {wiring.total:g} s.", mend)
    if kinds & {"LocalProtocolError", "UnsupportedProtocol", "InvalidURL"}:
        what = "The key or the address holds characters that HTTP does not allow."
        return BadRequest(name, what, "Set them again.")
    return BadReply(name, f"{server} closed the connection without an answer.", AGAIN)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and what led to it, groups of connection attempts included."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for each in error.exceptions:
                yield from _causes(each)
        error = error.__cause__ or error.__context__


def _without_password(proxy: str) -> str:
    parts = urlsplit(proxy)
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
