"""A review over the protocol: findings as diagnostics, which move with their lines and go when these are changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from context.documents import Change
from lsp_server import act_replies
from lsp_server.act_replies import Json
from lsp_server.acting import GONE, NOBODY, Place, declined, place_of, shown
from lsp_server.actions.outcome import Declined
from lsp_server.connection import Connection
from lsp_server.params import optional, string

if TYPE_CHECKING:
    from lsp_server.actions.review import Reviewed

LARGE = 20_000
"""Tokens from which a review is agreed to first."""


def review(at: Connection, argument: object, token: object) -> object:
    """`infill.review {uri, range?}`: the whole document where there is no range."""
    uri = string(argument, "uri")
    if optional(argument, "range") is None:
        snapshot = at.documents.get(uri)
        place = (snapshot, 0, len(snapshot.text)) if snapshot else None
    else:
        place = place_of(at, argument)
    return _reviewed(at, place, token)


def clear_review(at: Connection, argument: object, token: object) -> object:
    """`infill.clearReview {uri?}`: of every document where none is named."""
    uri = optional(argument, "uri")
    for each in [uri] if isinstance(uri, str) else list(at.findings):
        clear(at, each)
    return None


def changed(at: Connection, uri: str, changes: Sequence[Change]) -> None:
    """Findings move with their lines, and go when these are changed."""
    if uri in at.findings:
        from lsp_server.actions.findings import after

        before = at.findings[uri]
        at.findings[uri] = after(before, changes)
        if at.findings[uri] != before:
            _publish(at, uri)


def clear(at: Connection, uri: str) -> None:
    if at.findings.pop(uri, None) is not None:
        at.editor.publish(uri, None, [])


async def _reviewed(at: Connection, place: Place | None, token: object) -> Json:
    acts = at.session.acts
    if acts is None or place is None:
        return declined(at, NOBODY if acts is None else GONE)
    snapshot, start, end = place
    spans = [(start, end)] if end - start < len(snapshot.text) else [(0, len(snapshot.text))]
    if start == end:
        chosen = acts.chosen(snapshot, start, end)
        spans = [(chosen.start, chosen.end)]
    estimate = acts.estimate(snapshot, spans)
    question = f"This review takes about {estimate.tokens:,} tokens in {estimate.requests} requests. Go on?"
    if estimate.tokens >= LARGE and not await at.editor.confirm(question, "Review"):
        return declined(at, Declined("The review was not begun."))
    result = await shown(at, "Infill: reviewing", token, lambda report: acts.review(snapshot, spans, report=report))
    if isinstance(result, Declined):
        return declined(at, result)
    if at.documents.get(snapshot.uri) is not snapshot:
        return declined(at, Declined("The document has changed meanwhile, so the findings were dropped."))
    at.findings[snapshot.uri] = result.review.findings
    _publish(at, snapshot.uri)
    at.editor.inform(_summary(result))
    review = result.review
    return {
        "findings": len(review.findings),
        "dropped": review.dropped,
        "malformed": review.malformed,
        "unread": result.unread,
    }


def _publish(at: Connection, uri: str) -> None:
    snapshot = at.documents.get(uri)
    if snapshot is not None:
        found = act_replies.diagnostics(at.findings[uri], snapshot, at.encoding)
        at.editor.publish(uri, snapshot.version, found)


def _summary(result: Reviewed) -> str:
    review = result.review
    count = len(review.findings)
    words = [f"Infill: {count} finding{'' if count == 1 else 's'}."]
    words += [f"{review.dropped} were dropped: what they quote is not there."] if review.dropped else []
    words += [f"{result.unread} parts were not reviewed: no usable answer."] if result.unread else []
    return " ".join(words)
