"""From `initialize` to `exit`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from lsprotocol import types

from context.documents import Documents
from lsp_server import extensions, offering
from lsp_server.api import Client
from lsp_server.connection import Connection
from lsp_server.convert import Numbering, encoding_for, path_from
from lsp_server.params import BadParams, optional, path_of
from lsp_server.protocol import Phase
from lsp_server.watchdog import watch_process
from lsp_server.workspace import pull_configuration

NULL_WHEN_SUPERSEDED = frozenset({"helix"})
"""Editors that show an error for -32800 and drop an outdated null; the rest take -32800 silently (docs/protocol.md)."""

FALLBACK_TRIGGERS = (".", "(", "[", "{", ",", ":", "=", " ")


def initialize(at: Connection, params: object) -> types.InitializeResult:
    if not isinstance(params, dict) or not isinstance(params.get("capabilities"), dict):
        raise BadParams("capabilities: an object is needed")
    at.client = client = _client(params)
    at.roots = client.roots
    at.encoding = encoding_for(path_of(params, "capabilities", "general", "positionEncodings"))
    at.documents = Documents(at.encoding.column)
    at.numbering = Numbering(client.name)
    asked = at.options.completion_fallback
    at.fallback = asked == "on" or (asked == "auto" and not client.ghost_text)
    at.protocol.null_when_superseded = client.name.lower() in NULL_WHEN_SUPERSEDED
    at.protocol.phase = Phase.RUNNING
    pid = params.get("processId")
    if type(pid) is int and pid > 0:
        watch_process(pid, partial(at.end_from_thread, 1))
    return types.InitializeResult(_capabilities(at, params), at.protocol.server_info)


def initialized(at: Connection, params: object) -> None:
    at.editor.show_status(at.session.status())
    at.protocol.spawn(_introduce(at))


def shutdown(at: Connection, params: object) -> None:
    """What shall last is written before the reply: lsp-mode kills the server right after it."""
    at.protocol.drop_requests()
    at.protocol.phase = Phase.SHUT
    at.keep()


def exit(at: Connection, params: object) -> None:
    at.end(0 if at.protocol.phase is Phase.SHUT else 1)


def set_trace(at: Connection, params: object) -> None:
    """Accepted and without effect: what a trace would hold is the user's text."""


async def _introduce(at: Connection) -> None:
    await pull_configuration(at)
    await at.editor.register()


def _client(params: Mapping[str, object]) -> Client:
    def can(*names: str) -> bool:
        return path_of(params, "capabilities", *names) not in (None, False)

    def text(name: str) -> str:
        value = path_of(params, "clientInfo", name)
        return value if isinstance(value, str) else ""

    options = params.get("initializationOptions")
    previews = can("experimental", "infill", "preview")
    return Client(
        name=text("name"),
        version=text("version"),
        roots=_roots(params),
        options=options if isinstance(options, dict) else {},
        ghost_text=can("textDocument", "inlineCompletion"),
        progress=can("window", "workDoneProgress"),
        pulls_configuration=can("workspace", "configuration"),
        registers_configuration=can("workspace", "didChangeConfiguration", "dynamicRegistration"),
        registers_watchers=can("workspace", "didChangeWatchedFiles", "dynamicRegistration"),
        reads_status=can("experimental", "infill", "status"),
        resolves_edits="edit" in _strings(params, "textDocument", "codeAction", "resolveSupport", "properties")
        and not previews,
        annotates_edits=previews
        or (
            can("workspace", "workspaceEdit", "changeAnnotationSupport")
            and can("workspace", "workspaceEdit", "documentChanges")
        ),
        creates_files=previews
        or (
            can("workspace", "workspaceEdit", "documentChanges")
            and "create" in _strings(params, "workspace", "workspaceEdit", "resourceOperations")
        ),
        shows_documents=can("window", "showDocument", "support"),
        shows_chat=can("experimental", "infill", "chat"),
        takes_input=can("experimental", "infill", "input"),
    )


def _strings(params: Mapping[str, object], *names: str) -> list[str]:
    value = path_of(params, "capabilities", *names)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _roots(params: Mapping[str, object]) -> tuple[Path, ...]:
    """Workspace folders, else the older rootUri, else the still older rootPath."""
    folders = params.get("workspaceFolders")
    uris = [optional(folder, "uri") for folder in folders] if isinstance(folders, list) else []
    uris = uris or [params.get("rootUri")]
    roots = [path for uri in uris if isinstance(uri, str) and (path := path_from(uri))]
    root_path = params.get("rootPath")
    if not roots and isinstance(root_path, str) and root_path and "\0" not in root_path:
        roots = [Path(root_path)]
    return tuple(dict.fromkeys(roots))


def _capabilities(at: Connection, params: Mapping[str, object]) -> types.ServerCapabilities:
    every_file = types.FileOperationRegistrationOptions([types.FileOperationFilter(types.FileOperationPattern("**/*"))])
    any_notebook = types.NotebookDocumentFilterWithNotebook(notebook="*", cells=[types.NotebookCellLanguage("*")])
    notebooks = path_of(params, "capabilities", "notebookDocument") is not None
    return types.ServerCapabilities(
        position_encoding=at.encoding.name,
        text_document_sync=types.TextDocumentSyncOptions(
            open_close=True,
            change=types.TextDocumentSyncKind.Incremental,
            save=types.SaveOptions(include_text=False),
        ),
        notebook_document_sync=types.NotebookDocumentSyncOptions([any_notebook], save=False) if notebooks else None,
        inline_completion_provider=types.InlineCompletionOptions(),
        completion_provider=types.CompletionOptions(trigger_characters=list(FALLBACK_TRIGGERS))
        if at.fallback
        else None,
        code_action_provider=types.CodeActionOptions(
            list(offering.KINDS), resolve_provider=True, work_done_progress=True
        ),
        execute_command_provider=types.ExecuteCommandOptions(list(extensions.COMMANDS)),
        workspace=types.WorkspaceOptions(
            workspace_folders=types.WorkspaceFoldersServerCapabilities(supported=True, change_notifications=True),
            file_operations=types.FileOperationOptions(did_rename=every_file, did_delete=every_file),
        ),
        experimental=extensions.CAPABILITIES,
    )
