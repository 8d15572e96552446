"""The results of actions as the editor's protocol has them: edits with an annotation to confirm, diagnostics, code actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from context.snapshot import Cursor, Snapshot
from lsp_server.convert import Encoding, position

if TYPE_CHECKING:
    from lsp_server.actions.edits import Edit
    from lsp_server.actions.findings import Finding
    from lsp_server.actions.outcome import Proposal
    from lsp_server.actions.write_tests import NewTests

SOURCE = "infill review"
SEVERITIES: Mapping[str, int] = {"error": 1, "warning": 2, "info": 3}
Json = dict[str, Any]


def workspace_edit(proposal: Proposal, encoding: Encoding, *, annotated: bool) -> Json:
    """The edit of one document, in the version that it was made for. Annotated, the editor shows it before it is made."""
    snapshot = proposal.snapshot
    edits = [_text_edit(snapshot, edit, encoding) for edit in proposal.edits]
    if not annotated:
        return {"changes": {snapshot.uri: edits}}
    description = " ".join(proposal.notes) or "Proposed by a model. Look at it before you accept it."
    return {
        "documentChanges": [
            {
                "textDocument": {"uri": snapshot.uri, "version": snapshot.version},
                "edits": [{**edit, "annotationId": "infill"} for edit in edits],
            }
        ],
        "changeAnnotations": {
            "infill": {"label": f"Infill: {proposal.title}", "needsConfirmation": True, "description": description}
        },
    }


def tests_edit(tests: NewTests, encoding: Encoding, *, annotated: bool) -> Json:
    """New tests at the end of their file, which is made where there is none."""
    uri, before = tests.path.as_uri(), tests.before or ""
    end = _range(Snapshot(uri, tests.path, "", 0, before), len(before), len(before), encoding)
    edit: Json = {"range": end, "newText": tests.text}
    if tests.before is not None and not annotated:
        return {"changes": {uri: [edit]}}
    change: Json = {"textDocument": {"uri": uri, "version": None}, "edits": [edit]}
    create: Json = {"kind": "create", "uri": uri, "options": {"overwrite": False, "ignoreIfExists": False}}
    whole: Json = {"documentChanges": [*([create] if tests.before is None else []), change]}
    if not annotated:
        return whole
    for each in (edit, create):
        each["annotationId"] = "infill"
    description = " ".join(("Written by a model, and not run.", *tests.notes))
    annotation = {"label": "Infill: new tests", "needsConfirmation": True, "description": description}
    return {**whole, "changeAnnotations": {"infill": annotation}}


def diagnostics(findings: Iterable[Finding], snapshot: Snapshot, encoding: Encoding) -> list[Json]:
    """One for each finding, over its whole lines."""
    return [
        {
            "range": _lines(snapshot, finding, encoding),
            "severity": SEVERITIES[finding.severity.value],
            "source": SOURCE,
            "code": finding.category,
            "message": finding.message,
        }
        for finding in findings
    ]


def action(title: str, kind: str, *, command: str, argument: Json, **more: object) -> Json:
    """A code action that runs a command of ours when it is chosen."""
    return {
        "title": f"Infill: {title}",
        "kind": kind,
        "command": {"title": title, "command": command, "arguments": [argument]},
        **more,
    }


def unresolved(title: str, kind: str, *, argument: Json, **more: object) -> Json:
    """A code action whose edit is worked out when it is chosen."""
    return {"title": f"Infill: {title}", "kind": kind, "data": argument, **more}


def of_kind(actions: Sequence[Json], only: object) -> list[Json]:
    """Those of the kinds that the editor asks for: `refactor` stands for `refactor.extract` too."""
    if not isinstance(only, list) or not only:
        return list(actions)
    wanted = [kind for kind in only if isinstance(kind, str)]
    return [each for each in actions if any(kind == "" or f"{each['kind']}.".startswith(f"{kind}.") for kind in wanted)]


def _text_edit(snapshot: Snapshot, edit: Edit, encoding: Encoding) -> Json:
    return {"range": _range(snapshot, edit.start, edit.end, encoding), "newText": edit.text}


def _range(snapshot: Snapshot, start: int, end: int, encoding: Encoding) -> Json:
    places = [position(Cursor(snapshot, offset), encoding) for offset in (start, end)]
    first, last = ({"line": place.line, "character": place.character} for place in places)
    return {"start": first, "end": last}


def _lines(snapshot: Snapshot, finding: Finding, encoding: Encoding) -> Json:
    from lsp_server.actions.edits import lines_of

    lines = lines_of(snapshot.text)
    first = lines[finding.first] if finding.first < len(lines) else ""
    last = lines[finding.last] if finding.last < len(lines) else ""
    indent = len(first) - len(first.lstrip())
    return {
        "start": {"line": finding.first, "character": encoding.width(first[:indent])},
        "end": {"line": finding.last, "character": encoding.width(last.rstrip("\r\n"))},
    }
