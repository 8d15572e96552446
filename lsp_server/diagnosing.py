"""What the editor's tools find wrong in a document. LSP gives it to no server unasked, so a plugin sends it in a message of ours,
and what comes with a request for code actions is kept as well."""

from __future__ import annotations

from collections.abc import Sequence

from context.problems import MOST, WARNING, Problem
from lsp_server.act_replies import SEVERITIES, SOURCE
from lsp_server.connection import Connection
from lsp_server.params import BadParams, Params, natural, obj, objects, optional, string

EDITOR, ASKED, REVIEW = "editor", "code action", "review"
"""Who told: a message of ours, a request for code actions, a review by a model."""


def did_change_diagnostics(at: Connection, params: object) -> None:
    """`infill/diagnostics {uri, diagnostics}`: all of a document now, as `textDocument/publishDiagnostics` has them."""
    uri = string(params, "uri")
    if at.documents.get(uri) is not None:
        found = read(objects(params, "diagnostics"))
        at.session.problems(uri, EDITOR, found)
        at.session.problems(uri, ASKED, ())


def asked(at: Connection, uri: str, listed: object) -> None:
    """Those of a request for code actions: only of some lines, so they count until the editor says more."""
    if isinstance(listed, list) and listed:
        at.session.problems(uri, ASKED, read([one for one in listed if isinstance(one, dict)]))


def reviewed(at: Connection, uri: str) -> None:
    """The findings of a review as they are now."""
    found = at.findings.get(uri, ())
    at.session.problems(
        uri, REVIEW, [Problem(one.first, one.last, SEVERITIES[one.severity], one.message) for one in found]
    )


def read(listed: Sequence[Params]) -> list[Problem]:
    """The problems of a list of diagnostics; ours are known already, and one that cannot be read is passed over."""
    found: list[Problem] = []
    for one in listed[:MOST]:
        severity, message = optional(one, "severity"), optional(one, "message")
        if not isinstance(message, str) or optional(one, "source") == SOURCE:
            continue
        try:
            span = obj(one, "range")
            first, last = natural(obj(span, "start"), "line"), natural(obj(span, "end"), "line")
        except BadParams:
            continue
        found.append(Problem(first, max(first, last), severity if type(severity) is int else WARNING, message))
    return found
