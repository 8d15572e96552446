"""How a session comes to be, without importing it: what it needs is loaded only after `initialize` was answered."""

from __future__ import annotations

from collections.abc import Mapping

from context.clock import Clock
from context.documents import Documents
from lsp_server.api import Client, Editor, Session, SessionFactory


def session_factory(
    command_line: Mapping[str, object], environment: Mapping[str, str], *, clock: Clock | None = None
) -> SessionFactory:
    """Makes sessions with these layers of settings: options of `infill lsp` by name, and the process's environment. `clock`
    where it is not the machine's."""

    def make(client: Client, documents: Documents, editor: Editor) -> Session:
        from lsp_server.session import Session as Real

        return Real(client, documents, editor, command_line=command_line, environment=environment, clock=clock)

    return make
