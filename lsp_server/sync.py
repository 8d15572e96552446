"""Documents as the editor opens, edits, saves and closes them; the cells of a notebook are documents of their own."""

from __future__ import annotations

from lsp_server import reviewing
from lsp_server.connection import Connection
from lsp_server.convert import edit, path_from, uri_of
from lsp_server.params import Params, obj, objects, optional, string


def did_open(at: Connection, params: object) -> None:
    _open(at, obj(params, "textDocument"))


def did_change(at: Connection, params: object) -> None:
    document = obj(params, "textDocument")
    _change(at, document, objects(params, "contentChanges"))


def did_save(at: Connection, params: object) -> None:
    at.session.saved(uri_of(params))


def did_close(at: Connection, params: object) -> None:
    _close(at, uri_of(params))


def notebook_did_open(at: Connection, params: object) -> None:
    documents = objects(params, "cellTextDocuments")
    _remember(at, uri_of(params, "notebookDocument"), tuple(string(document, "uri") for document in documents))
    for document in documents:
        _open(at, document)


def notebook_did_change(at: Connection, params: object) -> None:
    cells = optional(obj(params, "change"), "cells")
    if not isinstance(cells, dict):
        return  # only metadata changed
    structure = cells.get("structure")
    if isinstance(structure, dict):
        opened = objects(structure, "didOpen") if structure.get("didOpen") else []
        closed = objects(structure, "didClose") if structure.get("didClose") else []
        for document in opened:
            _open(at, document)
        gone = {string(document, "uri") for document in closed}
        for uri in gone:
            _close(at, uri)
        notebook = uri_of(params, "notebookDocument")
        kept = tuple(uri for uri in at.notebooks.get(notebook, ()) if uri not in gone)
        _remember(at, notebook, kept + tuple(string(document, "uri") for document in opened))
    for content in objects(cells, "textContent") if cells.get("textContent") else []:
        _change(at, obj(content, "document"), objects(content, "changes"))


def notebook_did_save(at: Connection, params: object) -> None:
    for uri in at.notebooks.get(uri_of(params, "notebookDocument"), ()):
        at.session.saved(uri)


def notebook_did_close(at: Connection, params: object) -> None:
    for uri in at.notebooks.pop(uri_of(params, "notebookDocument"), ()):
        _close(at, uri)


def _remember(at: Connection, notebook: str, cells: tuple[str, ...]) -> None:
    at.notebooks[notebook] = cells


def _open(at: Connection, document: Params) -> None:
    uri = string(document, "uri")
    language, version = optional(document, "languageId"), optional(document, "version")
    snapshot = at.documents.open(
        uri,
        language if isinstance(language, str) else "plaintext",
        version if type(version) is int else 0,
        string(document, "text"),
        path_from(uri),
    )
    if snapshot is not None:
        reviewing.opened(at, snapshot)
        at.session.opened(snapshot)
    elif reason := at.documents.refused(uri):
        at.editor.log(f"Infill completes nothing in a document of this size: {reason}.")


def _change(at: Connection, document: Params, changes: list[Params]) -> None:
    uri, version = string(document, "uri"), optional(document, "version")
    done = at.documents.change(uri, version if type(version) is int else None, map(edit, changes))
    if done:
        at.session.changed(uri, done)
        reviewing.changed(at, uri, done)


def _close(at: Connection, uri: str) -> None:
    reviewing.closed(at, uri)
    at.documents.close(uri)
    at.session.closed(uri)
