"""What is offered for a selection: code actions, worked out when they are chosen. Asks no model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from context.snapshot import Snapshot
from lsp_server import act_replies, diagnosing
from lsp_server.act_replies import SOURCE, Json
from lsp_server.acting import Place, place_of
from lsp_server.connection import Connection
from lsp_server.convert import uri_of
from lsp_server.params import Params, natural, obj, optional, path_of

if TYPE_CHECKING:
    from lsp_server.actions.acts import Acts

KINDS = ("quickfix", "refactor.extract", "refactor.rewrite", "source.infill")
AUTOMATIC = 2
MOST_PROBLEMS = 3
LONGEST_TITLE = 60


def code_action(at: Connection, params: object) -> list[Json]:
    """What is offered for a selection. Asks no model; nothing is offered where none could be asked."""
    place, context = place_of(at, {"uri": uri_of(params), "range": obj(params, "range")}), obj(params, "context")
    diagnosing.asked(at, uri_of(params), optional(context, "diagnostics"))
    acts = at.session.acts
    if acts is None or place is None or acts.refusal(place[0]) is not None:
        return []
    snapshot, start, end = place
    argument: Json = {"uri": snapshot.uri, "range": obj(params, "range")}
    actions = _fixes(at, snapshot, obj(params, "range"))
    if path_of(context, "triggerKind") == AUTOMATIC and start == end:
        return act_replies.of_kind(
            actions, optional(context, "only")
        )  # the cursor only moved: no lamp beside every line
    for problem in _problems(context):
        title = f"Fix: {_short(str(problem['message']))}"
        actions.append(_edit(at, title, "quickfix", {**argument, "problem": problem["message"]}, diagnostics=[problem]))
    for each in acts.offers(snapshot, start, end):
        actions.append(_edit(at, each.title, each.kind, {**argument, "name": each.name}))
    if at.client is not None and at.client.takes_input:
        actions.append(
            act_replies.action("Change it as I say…", "refactor.rewrite", command="infill.refactor", argument=argument)
        )
    for title, command, given in _sources(at, acts, place, argument):
        actions.append(act_replies.action(title, "source.infill", command=command, argument=given))
    return act_replies.of_kind(actions, optional(context, "only"))


def _sources(at: Connection, acts: Acts, place: Place, argument: Json) -> Iterator[tuple[str, str, Json]]:
    """Title, command and argument of what is asked without an edit of the selection."""
    snapshot, start, end = place
    yield "Explain", "infill.explain", argument
    if acts.chosen(snapshot, start, end).definition is not None:
        yield "Write tests", "infill.tests", argument
    if start < end:
        yield "Review the selection", "infill.review", argument
    else:
        yield "Review the file", "infill.review", {"uri": snapshot.uri}
    if snapshot.uri in at.findings:
        yield "Clear the review", "infill.clearReview", {"uri": snapshot.uri}


def _fixes(at: Connection, snapshot: Snapshot, span: Params) -> list[Json]:
    """The replacements of findings on the lines of the range."""
    first, last = natural(obj(span, "start"), "line"), natural(obj(span, "end"), "line")
    return [
        _edit(at, f"Fix: {_short(each.message)}", "quickfix", {"uri": snapshot.uri, "finding": number})
        for number, each in enumerate(at.findings.get(snapshot.uri, ()))
        if each.replacement is not None and each.first <= last and first <= each.last
    ]


def _edit(at: Connection, title: str, kind: str, argument: Json, **more: object) -> Json:
    """An action that ends in an edit: resolved where the editor then shows it for confirmation, else a command that asks."""
    if at.client is not None and at.client.resolves_edits and at.client.annotates_edits:
        return act_replies.unresolved(title, kind, argument=argument, **more)
    command = "infill.fix" if "finding" in argument else "infill.refactor"
    return act_replies.action(title, kind, command=command, argument=argument, **more)


def _short(message: str) -> str:
    """What fits a menu; cut between words."""
    words = " ".join(message.split())
    if len(words) <= LONGEST_TITLE:
        return words
    cut = words[:LONGEST_TITLE]
    return (cut.rpartition(" ")[0] or cut).rstrip(".,;:") + "…"


def _problems(context: object) -> list[dict[str, Any]]:
    """What other tools report for the place."""
    found = optional(context, "diagnostics")
    problems = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    others = [each for each in problems if isinstance(each.get("message"), str) and each.get("source") != SOURCE]
    return others[:MOST_PROBLEMS]
