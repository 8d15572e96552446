"""What Infill adds to LSP, announced under `capabilities.experimental` and described in docs/protocol.md."""

from __future__ import annotations

from collections.abc import Mapping

from lsp_server.connection import Connection
from lsp_server.convert import ACCEPTED_COMMAND
from lsp_server.editor import status_payload
from lsp_server.params import BadParams, natural, string

COMMANDS = (ACCEPTED_COMMAND,)

CAPABILITIES: Mapping[str, object] = {
    "infill": {
        "didShow": True,
        "didPartiallyAccept": True,
        "didReject": True,
        "status": True,
    }
}


def did_show(at: Connection, params: object) -> None:
    """`infill/didShow {id}`: the suggestion was drawn."""
    at.session.shown(string(params, "id"))


def did_partially_accept(at: Connection, params: object) -> None:
    """`infill/didPartiallyAccept {id, length}`: code points of the suggestion taken so far."""
    at.session.partly(string(params, "id"), natural(params, "length"))


def did_reject(at: Connection, params: object) -> None:
    """`infill/didReject {id}`: the user dismissed the suggestion."""
    at.session.rejected(string(params, "id"))


def status(at: Connection, params: object) -> dict[str, str]:
    """`infill/status`, a request: what the status bar should show now."""
    return status_payload(at.session.status())


def execute_command(at: Connection, params: object) -> None:
    """`infill.accepted [id]`: standard editors run it after the text of an item has gone in."""
    if string(params, "command") != ACCEPTED_COMMAND:
        raise BadParams("command: not one of ours")
    arguments = params.get("arguments") if isinstance(params, dict) else None
    if not isinstance(arguments, list) or len(arguments) != 1 or not isinstance(arguments[0], str):
        raise BadParams("arguments: the suggestion's id is needed")
    at.session.accepted(arguments[0])


def did_cancel_progress(at: Connection, params: object) -> None:
    """The standard's `window/workDoneProgress/cancel`: the work sees it in `Progress.cancelled`."""
    shown = at.protocol.server.work_done_progress.tokens.get(string(params, "token"))
    if shown is not None:
        shown.cancel()
