"""Review the chosen lines, a file, or its changed lines: findings that say where, how grave, and what to write instead."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from backends.api import Role, Usage
from context.desk import Desk
from context.privacy import MASK
from context.snapshot import Cursor, Snapshot
from lsp_server.actions.answer import json_in
from lsp_server.actions.around import path_of
from lsp_server.actions.checks import faults
from lsp_server.actions.chosen import row_of, whole
from lsp_server.actions.data import DATA_RULE, Piece, as_data, files_of
from lsp_server.actions.edits import Edit, applied, line_end_of, lines_of, minimal
from lsp_server.actions.findings import SCHEMA, Finding, Review, Spans, anchor, read
from lsp_server.actions.outcome import Declined, Proposal
from lsp_server.actions.talker import Said, Talker, silent

PART = 24_000
"""Characters of one request; a longer file is reviewed in parts."""
LARGEST = 400_000
CHARS_PER_TOKEN = 3.6
MAX_TOKENS = 3_000
SYSTEM = (
    "You review code. Report only real problems that the author should fix: bugs, security holes, wrong error handling, broken "
    "contracts. No praise, no style, no guesses; report nothing where there is nothing. Quote the faulty lines as they stand. "
    f"Answer with one JSON object of this schema, and nothing else: {json.dumps(SCHEMA.schema)}\n{DATA_RULE}"
)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The findings in one document. `unread` parts gave no usable answer."""

    snapshot: Snapshot
    review: Review
    unread: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a review will about take, before anything is asked."""

    requests: int
    tokens: int


def estimate(text: str, spans: Spans) -> Estimate:
    parts = _parts(text, spans)
    characters = sum(len(text[first:last]) for part in parts for first, last in part) + len(parts) * len(SYSTEM)
    return Estimate(len(parts), int(characters / CHARS_PER_TOKEN) + 400 * len(parts))


async def review(
    snapshot: Snapshot,
    spans: Spans,
    desk: Desk,
    talker: Talker,
    *,
    about: str = "the lines to review",
    progress: Callable[[str], None] = silent,
) -> Reviewed | Declined:
    """Reviews the stretches of the document, part by part. Raises `BackendError`."""
    text = snapshot.text
    if not any(text[start:end].strip() for start, end in spans):
        return Declined("There is nothing to review here.")
    if sum(end - start for start, end in spans) > LARGEST:
        return Declined(f"More than {LARGEST} characters are to be reviewed. Choose a smaller stretch.")
    parts = _parts(text, spans)
    found: list[Finding] = []
    dropped = malformed = unread = 0
    for number, part in enumerate(parts, 1):
        progress(f"part {number} of {len(parts)}" if len(parts) > 1 else "")
        answer = await _ask(snapshot, part, desk, talker, about)
        if answer is None:
            unread += 1
            continue
        found += answer.findings
        dropped, malformed = dropped + answer.dropped, malformed + answer.malformed
    if unread == len(parts):
        return Declined("The model gave no findings in the form that was asked for, and was asked twice.")
    checked = tuple(_with_sound_fix(snapshot, finding) for finding in found)
    return Reviewed(snapshot, Review(checked, dropped, malformed), unread, talker.usage)


def fix(snapshot: Snapshot, finding: Finding) -> Proposal | Declined:
    """The edit that puts a finding's replacement in place of its quote, in the document as it is now."""
    text = snapshot.text
    place = anchor(finding.quote, text, _near(text, finding))
    if place is None or finding.replacement is None:
        return Declined("The lines of this finding have changed since the review.")
    start, end = place
    first = Cursor(snapshot, start).line_start
    last = Cursor(snapshot, end).line_end
    new = text[first:start] + finding.replacement.replace("\r\n", "\n") + text[end:last]
    if not finding.replacement and not new.strip():  # whole lines are taken out, and their ends with them
        new, last = "", last + len(lines_of(text[last:])[0]) if last < len(text) else last
    edits = minimal(text[first:last], new, at=first, line_end=line_end_of(text))
    return Proposal(snapshot, f"Fix: {finding.message}", edits, (), Usage())


async def _ask(snapshot: Snapshot, part: Spans, desk: Desk, talker: Talker, about: str) -> Review | None:
    """One part's findings; asked for once more where they have not the right form."""
    text = snapshot.text
    path = path_of(whole(snapshot), desk)
    pieces = [Piece(about, path, text[start:end], row_of(text, start) + 1) for start, end in part]
    said = [Said(Role.SYSTEM, SYSTEM), Said(Role.USER, f"{as_data(pieces)}\n\nReview {about}.", files_of(pieces))]
    for _ in (1, 2):
        answer = await talker.ask(said, schema=SCHEMA, max_tokens=MAX_TOKENS)
        found = json_in(answer.text)
        if not isinstance(found, Declined) and (result := read(found, text, part)) is not None:
            return result
        said = [
            *said,
            Said(Role.ASSISTANT, answer.text),
            Said(Role.USER, "That is not the JSON object that was asked for. Answer with it alone."),
        ]
    return None


def _parts(text: str, spans: Spans) -> list[list[tuple[int, int]]]:
    """The stretches in portions that fit a request, cut at line ends, where possible at blank lines."""
    parts: list[list[tuple[int, int]]] = [[]]
    room = PART
    for start, end in spans:
        for piece in _pieces(text, start, end):
            if piece[1] - piece[0] > room and parts[-1]:
                parts.append([])
                room = PART
            parts[-1].append(piece)
            room -= piece[1] - piece[0]
    return [part for part in parts if part]


def _pieces(text: str, start: int, end: int) -> list[tuple[int, int]]:
    pieces, first, at, blank = [], start, start, start
    for line in lines_of(text[start:end]):
        if at + len(line) - first > PART:
            cut = blank if blank > first else at if at > first else at + len(line)
            pieces.append((first, cut))
            first = blank = cut
        at += len(line)
        if not line.strip():
            blank = at
    return [*pieces, (first, end)] if first < end else pieces


def _with_sound_fix(snapshot: Snapshot, finding: Finding) -> Finding:
    """Without the replacement, where the file would not parse any more with it, or where it holds a masked secret."""
    if finding.replacement is None:
        return finding
    text, edit = snapshot.text, Edit(finding.start, finding.end, finding.replacement)
    before = faults(snapshot.language, text)
    after = faults(snapshot.language, applied(text, [edit]))
    broken = before is not None and after is not None and len(after) > len(before)
    return replace(finding, replacement=None) if broken or MASK in finding.replacement else finding


def _near(text: str, finding: Finding) -> Sequence[tuple[int, int]]:
    """The lines where a finding is: the same words may stand elsewhere too."""
    lines = lines_of(text)
    start = sum(map(len, lines[: finding.first]))
    return ((start, start + sum(map(len, lines[finding.first : finding.last + 1]))),)
