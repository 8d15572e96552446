"""What was considered for a prompt, as `infill why` lists it: a row for each file, source and fate, most related first.

A long file gives a hundred pieces of two lines each, which nobody reads; `--json` has them one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from editors.headless.terminal import visible_line

SHOWN = 20
"""Rows of what is in the prompt."""
PASSED_OVER = 10
"""Rows of what is left out."""
RANGES = 4
"""Stretches of lines that a row names."""


def rows(considered: Iterable[Mapping[str, Any]]) -> list[str]:
    """`considered` holds the fields of `context.gather.Candidate`."""
    grouped: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for one in sorted(considered, key=lambda one: -one["score"]):
        grouped.setdefault((one["reason"], one["path"], one["source"]), []).append(one)
    shown = [pieces for (reason, _, _), pieces in grouped.items() if not reason]
    others = [pieces for (reason, _, _), pieces in grouped.items() if reason]
    return [*_at_most(SHOWN, shown, "in the prompt"), *_at_most(PASSED_OVER, others, "left out")]


def _at_most(most: int, groups: Sequence[Sequence[Mapping[str, Any]]], where: str) -> Iterator[str]:
    yield from map(_row, groups[:most])
    rest = sum(map(len, groups[most:]))
    if rest:
        yield f"  and {rest} more that {'is' if rest == 1 else 'are'} {where}; --json lists them"


def _row(pieces: Sequence[Mapping[str, Any]]) -> str:
    best = pieces[0]
    tokens = sum(one["tokens"] for one in pieces)
    fate = f", left out: {visible_line(best['reason'])}" if best["reason"] else ""
    return f"  {best['score']:8.3g} {tokens:6} tokens  {visible_line(best['path'])}:{_lines(pieces)}  {best['source']}{fate}"


def _lines(pieces: Iterable[Mapping[str, Any]]) -> str:
    """Their lines in the order of the file, neighbours joined."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted((one["first_line"], one["last_line"]) for one in pieces):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    names = [str(first) if first == last else f"{first}-{last}" for first, last in joined[:RANGES]]
    return ",".join(names) + (f" and {len(joined) - RANGES} more" if len(joined) > RANGES else "")
