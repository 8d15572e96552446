"""What Infill adds to LSP, announced under `capabilities.experimental` and described in docs/protocol.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lsp_server import acting, reviewing
from lsp_server.connection import Connection
from lsp_server.convert import ACCEPTED_COMMAND
from lsp_server.editor import status_payload
from lsp_server.params import BadParams, natural, optional, string

ACTIONS: Mapping[str, Callable[[Connection, object, object], object]] = {
    "infill.explain": acting.explain,
    "infill.refactor": acting.refactor,
    "infill.tests": acting.tests,
    "infill.review": reviewing.review,
    "infill.fix": acting.fix,
    "infill.clearReview": reviewing.clear_review,
}
"""Each is called with its one argument and the token of the progress to show, if the editor has one."""

PAUSES: Mapping[str, bool] = {"infill.pauseIndexing": True, "infill.resumeIndexing": False}
"""Commands without an argument that let the reading of the workspace wait, and go on."""

COMMANDS = (ACCEPTED_COMMAND, *PAUSES, *ACTIONS)

CAPABILITIES: Mapping[str, object] = {
    "infill": {
        "didShow": True,
        "didPartiallyAccept": True,
        "didReject": True,
        "diagnostics": True,
        "status": True,
        "chat": True,
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


def execute_command(at: Connection, params: object) -> object:
    """`infill.accepted [id]`, which standard editors run after the text of an item has gone in, or another of `COMMANDS`."""
    command, arguments = string(params, "command"), optional(params, "arguments")
    if command in PAUSES:
        at.session.pause_indexing(PAUSES[command])
        return None
    if command in ACTIONS:
        if not isinstance(arguments, list) or len(arguments) != 1:
            raise BadParams("arguments: one object is needed")
        return ACTIONS[command](at, arguments[0], optional(params, "workDoneToken"))
    if command != ACCEPTED_COMMAND:
        raise BadParams("command: not one of ours")
    if not isinstance(arguments, list) or len(arguments) != 1 or not isinstance(arguments[0], str):
        raise BadParams("arguments: the suggestion's id is needed")
    at.session.accepted(arguments[0])
    return None


def did_cancel_progress(at: Connection, params: object) -> None:
    """The standard's `window/workDoneProgress/cancel`: the work sees it in `Progress.cancelled`."""
    token = optional(params, "token")
    if not isinstance(token, int | str):
        raise BadParams("token: a string or a number is needed")
    shown = at.protocol.server.work_done_progress.tokens.get(token)
    if shown is not None:
        shown.cancel()
