"""How to reach the network: what the user's own settings say of it, and nothing of a project's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backends.audit import AuditLog


@dataclass(frozen=True, slots=True)
class Wiring:
    """Times are seconds. `total` bounds a request from its start to
    the stream's end; `proxy` "" means the environment's; `socket` is a Unix socket that stands in for the host and port; `audit`
    keeps a ledger of what leaves, where the user wants one."""

    connect: float = 3.0
    read: float = 8.0
    total: float = 15.0
    ca_file: str = ""
    proxy: str = ""
    socket: Path | None = None
    audit: AuditLog | None = None
