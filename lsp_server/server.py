"""The language server: the table from method to function, and the life of the process around it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from collections.abc import Callable, Mapping
from functools import partial

from pygls.lsp.server import LanguageServer
from pygls.protocol import default_converter

from lsp_server import __version__, acting, completing, diagnosing, extensions, lifecycle, offering, sync, workspace
from lsp_server.api import SessionFactory
from lsp_server.connection import GRACE, Connection, Options
from lsp_server.fence import report_loop_error
from lsp_server.protocol import Protocol
from lsp_server.transport import Transport
from lsp_server.watchdog import end_when_stuck, exit_within

REQUESTS: Mapping[str, Callable[[Connection, object], object]] = {
    "initialize": lifecycle.initialize,
    "shutdown": lifecycle.shutdown,
    "textDocument/inlineCompletion": completing.inline_completion,
    "textDocument/completion": completing.completion,
    "textDocument/codeAction": offering.code_action,
    "codeAction/resolve": acting.resolve,
    "workspace/executeCommand": extensions.execute_command,
    "infill/chat": acting.chat,
    "infill/status": extensions.status,
}

NOTIFICATIONS: Mapping[str, Callable[[Connection, object], object]] = {
    "initialized": lifecycle.initialized,
    "exit": lifecycle.exit,
    "$/setTrace": lifecycle.set_trace,
    "textDocument/didOpen": sync.did_open,
    "textDocument/didChange": sync.did_change,
    "textDocument/didSave": sync.did_save,
    "textDocument/didClose": sync.did_close,
    "notebookDocument/didOpen": sync.notebook_did_open,
    "notebookDocument/didChange": sync.notebook_did_change,
    "notebookDocument/didSave": sync.notebook_did_save,
    "notebookDocument/didClose": sync.notebook_did_close,
    "workspace/didChangeConfiguration": workspace.did_change_configuration,
    "workspace/didChangeWatchedFiles": workspace.did_change_watched_files,
    "workspace/didChangeWorkspaceFolders": workspace.did_change_folders,
    "workspace/didRenameFiles": workspace.did_rename_files,
    "workspace/didDeleteFiles": workspace.did_delete_files,
    "window/workDoneProgress/cancel": extensions.did_cancel_progress,
    "infill/diagnostics": diagnosing.did_change_diagnostics,
    "infill/didShow": extensions.did_show,
    "infill/didPartiallyAccept": extensions.did_partially_accept,
    "infill/didReject": extensions.did_reject,
}


def serve(factory: SessionFactory, options: Options | None = None) -> int:
    """Serves one editor on stdin and stdout until it is gone. Returns the exit code: 0 after `shutdown` and `exit`, else 1.

    The caller ends the process with `watchdog.leave`, which does not wait for threads that are still busy.
    """
    gc.freeze()  # the protocol's types are many and stay: a collection that looks at them all would be felt while typing
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(report_loop_error)
    return loop.run_until_complete(_serve(factory, options or Options()))


async def _serve(factory: SessionFactory, options: Options) -> int:
    loop = asyncio.get_running_loop()
    server = LanguageServer("infill", __version__, protocol_cls=Protocol, converter_factory=default_converter)
    protocol = server.protocol
    assert isinstance(protocol, Protocol)
    at = Connection(protocol, factory, loop, options)
    transport = Transport(protocol.receive, partial(exit_within, GRACE, 1), partial(at.end, 1))
    protocol.connect(
        {method: partial(handler, at) for method, handler in REQUESTS.items()},
        {method: partial(handler, at) for method, handler in NOTIFICATIONS.items()},
        transport.send,
    )
    _end_on_signals(at)
    end_when_stuck(loop)
    transport.start()
    await at.over.wait()
    code = 1 if at.exit_code is None else at.exit_code
    exit_within(GRACE, code)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(at.close(), GRACE / 2)
    transport.flush(GRACE / 4)
    return code


def _end_on_signals(at: Connection) -> None:
    """Not asyncio's handlers: they wait for the loop, which may be held up."""
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, lambda *_: at.end_from_thread(1))
