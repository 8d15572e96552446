"""Documents as the editor opens, edits, saves and closes them; the cells of a notebook are documents of their own."""

from __future__ import annotations

from collections.abc import Sequence

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
    given = [string(document, "uri") for document in documents]
    ordered = _cells(optional(obj(params, "notebookDocument"), "cells"), given)
    at.documents.arrange(uri_of(params, "notebookDocument"), ordered)
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
        notebook = uri_of(params, "notebookDocument")
        moved = _spliced(at.documents.cells(notebook), structure.get("array"), opened)
        gone = {string(document, "uri") for document in closed}
        at.documents.arrange(notebook, [uri for uri in dict.fromkeys(moved) if uri not in gone])
        for document in opened:
            _open(at, document)
        for uri in gone:
            _close(at, uri)
    for content in objects(cells, "textContent") if cells.get("textContent") else []:
        _change(at, obj(content, "document"), objects(content, "changes"))


def notebook_did_save(at: Connection, params: object) -> None:
    for uri in at.documents.cells(uri_of(params, "notebookDocument")):
        at.session.saved(uri)


def notebook_did_close(at: Connection, params: object) -> None:
    notebook = uri_of(params, "notebookDocument")
    for uri in at.documents.cells(notebook):
        _close(at, uri)
    at.documents.arrange(notebook, ())


def _cells(listed: object, known: Sequence[str]) -> list[str]:
    """The documents of cells in the notebook's order, as far as they are known; those that it does not list come last."""
    cells = [cell.get("document") for cell in listed if isinstance(cell, dict)] if isinstance(listed, list) else []
    return list(dict.fromkeys([*(uri for uri in cells if isinstance(uri, str) and uri in known), *known]))


def _spliced(cells: Sequence[str], array: object, opened: Sequence[Params]) -> list[str]:
    """The cells after `start`, `deleteCount` and `cells` of a change; new ones at the end where these make no sense."""
    fresh = [string(document, "uri") for document in opened]
    start, count = optional(array, "start"), optional(array, "deleteCount")
    if type(start) is not int or type(count) is not int or min(start, count) < 0:
        return [*cells, *fresh]
    listed = optional(array, "cells")
    come = [cell.get("document") for cell in listed if isinstance(cell, dict)] if isinstance(listed, list) else []
    known = {*cells, *fresh}
    inside = [uri for uri in come if isinstance(uri, str) and uri in known]
    kept = [uri for uri in (*cells[:start], *cells[start + count :]) if uri not in inside]
    place = len([uri for uri in cells[:start] if uri not in inside])
    return [*kept[:place], *inside, *kept[place:], *(uri for uri in fresh if uri not in inside)]


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
