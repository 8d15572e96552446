"""Certificates for loopback servers, made for one test run: a trusted one, an expired one, one for another name."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

import trustme


class Authority:
    """A certificate authority that nobody knows but who is given `file`."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.file = folder / "authority.pem"
        self._ca.cert_pem.write_to_path(self.file)

    def server(self, name: str = "127.0.0.1", *, expired: bool = False) -> ssl.SSLContext:
        """What a server with a certificate for `name` uses."""
        until = datetime(2020, 1, 1, tzinfo=UTC) if expired else None
        certificate = self._ca.issue_cert(name, not_before=datetime(2019, 1, 1, tzinfo=UTC), not_after=until)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context
