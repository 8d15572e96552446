"""From an old and a new text to the smallest edits by whole lines: what did not change keeps every byte."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_END = re.compile(r"(?:\r\n|\n|\r)\Z")


@dataclass(frozen=True, slots=True)
class Edit:
    """`text` for what stands between two offsets of a document."""

    start: int
    end: int
    text: str


def lines_of(text: str) -> list[str]:
    """The lines with their ends: \\n, \\r\\n or \\r, and nothing else."""
    return _LINE.findall(text)


def line_end_of(text: str) -> str:
    """The line end that the text uses, by its first."""
    found = re.search(r"\r\n|\n|\r", text)
    return found[0] if found else "\n"


def minimal(old: str, new: str, *, at: int = 0, line_end: str = "\n") -> tuple[Edit, ...]:
    """Edits that make `old`, which stands at offset `at` of its document, say what `new` says.

    Lines are compared without what is blank at their end, and a line that is the same keeps its bytes; the others get
    `line_end`. Whether the last line has an end is kept too.
    """
    before, after = lines_of(old), lines_of(new)
    starts = _starts(before, at)
    matcher = difflib.SequenceMatcher(
        None, [line.rstrip() for line in before], [line.rstrip() for line in after], False
    )
    edits = []
    for kind, first, last, new_first, new_last in matcher.get_opcodes():
        if kind == "equal":
            continue
        text = "".join(_END.sub("", line) + line_end for line in after[new_first:new_last])
        start, end = starts[first], starts[last]
        if last == len(before) and not _ends(old):
            text = text.removesuffix(line_end)
            if first == last and text:  # added behind a last line without an end
                text = line_end + text
            elif not text and first:  # the end of the line before belongs to what is removed
                start -= len(_end_of(before[first - 1]))
        edits.append(Edit(start, end, text))
    return tuple(edits)


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text with the edits made; they do not overlap."""
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def unified(path: str, old: str, new: str) -> str:
    """The difference as `patch` and people read it."""
    before, after = lines_of(old), lines_of(new)
    told = difflib.unified_diff(before, after, f"a/{path}", f"b/{path}")
    return "".join(line if _ends(line) else f"{line}\n\\ No newline at end of file\n" for line in told)


def _starts(lines: Sequence[str], at: int) -> list[int]:
    starts = [at]
    for line in lines:
        starts.append(starts[-1] + len(line))
    return starts


def _end_of(line: str) -> str:
    found = _END.search(line)
    return found[0] if found else ""


def _ends(text: str) -> bool:
    return not text or text.endswith(("\n", "\r"))
