"""What changes around the documents: settings, folders, files on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lsp_server import reviewing
from lsp_server.api import FileEvent
from lsp_server.connection import Connection
from lsp_server.convert import path_from
from lsp_server.params import BadParams, obj, objects, optional, string

_KINDS: Mapping[int, FileEvent] = {1: FileEvent.CREATED, 2: FileEvent.CHANGED, 3: FileEvent.DELETED}


def did_change_configuration(at: Connection, params: object) -> None:
    """Pushed settings hold our section; an editor that pulls sends null, and is asked."""
    pushed = optional(params, "settings")
    section = optional(pushed, "infill")
    if isinstance(section, dict):
        at.settings_turn += 1
        at.session.configure(section)
    else:
        at.protocol.spawn(pull_configuration(at))


async def pull_configuration(at: Connection) -> None:
    """Asks for the editor's settings, where it can be asked. An answer that something newer has overtaken is dropped."""
    if at.client is None or not at.client.pulls_configuration:
        return
    at.settings_turn += 1
    turn = at.settings_turn
    settings = await at.editor.configuration()
    if isinstance(settings, dict) and turn == at.settings_turn:
        at.session.configure(settings)


def did_change_watched_files(at: Connection, params: object) -> None:
    files = []
    for change in objects(params, "changes"):
        path, kind = path_from(string(change, "uri")), change.get("type")
        if path is not None and isinstance(kind, int) and kind in _KINDS:
            files.append((path, _KINDS[kind]))
            reviewing.changed_on_disk(at, string(change, "uri"))
    _tell(at, files)


def did_rename_files(at: Connection, params: object) -> None:
    files = []
    for file in objects(params, "files"):
        old, new = path_from(string(file, "oldUri")), path_from(string(file, "newUri"))
        files += [(old, FileEvent.DELETED)] if old else []
        files += [(new, FileEvent.CREATED)] if new else []
    _tell(at, files)


def did_delete_files(at: Connection, params: object) -> None:
    paths = [path_from(string(file, "uri")) for file in objects(params, "files")]
    _tell(at, [(path, FileEvent.DELETED) for path in paths if path])


def did_change_folders(at: Connection, params: object) -> None:
    event = obj(params, "event")
    added, removed = (
        [path for folder in objects(event, name) if (path := path_from(string(folder, "uri")))]
        if event.get(name)
        else []
        for name in ("added", "removed")
    )
    if at.client is None:
        raise BadParams("folders changed before initialize")
    kept = tuple(root for root in at.roots if root not in removed)
    at.roots = tuple(dict.fromkeys((*kept, *added)))
    at.session.roots_changed(at.roots)


def _tell(at: Connection, files: list[tuple[Path, FileEvent]]) -> None:
    if files:
        at.session.files_changed(files)
