"""Mode `point`: the line is not there yet, and somebody asks by hand, at its start, in its middle, and within a name.

At the start of a line after which the commit goes on, what comes up is held against the block as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from editors.headless.buffer import Ghost
from editors.headless.likeness import likeness, statement_matches
from editors.headless.metrics import edit_similarity
from editors.headless.past import AddedLine, Point
from editors.headless.replays.sitting import Sitting
from editors.headless.runs.rows import Pair

PLACES: Mapping[str, str] = {"start": "line start", "mid": "mid-line", "part": "inside a name"}
SHORTEST_BLOCK, LONGEST_BLOCK = 3, 8  # lines


def point(sitting: Sitting, line: AddedLine, points: Sequence[Point]) -> tuple[dict[str, Pair], list[float]]:
    """Measures, and the milliseconds of each answer that brought something. From left to right: the server takes note of what is
    typed, so a place further left would give away what stands there."""
    before, after = line.around()
    measures: dict[str, Pair] = {}
    waits: list[float] = []
    for one in sorted(points, key=lambda one: one.column):
        sitting.open(line.path, line.language, line.so_far())
        sitting.put(before + line.text[: one.column], after)
        seen = sitting.look(by_hand=True)
        sitting.close()
        if seen.ghost is not None:
            waits.append(seen.milliseconds)
        measures |= _compared(seen.ghost, line.text[: one.column], one.truth, PLACES[one.kind])
        if one.kind == "start":
            lines = [one.truth, *line.edited.hunks[line.hunk].lines[line.number + 1 :]]
            measures["CrossCodeEval EM, line start"] = _statement(seen.ghost, lines, line.language)
            if len(lines) >= SHORTEST_BLOCK:
                measures |= _block(seen.ghost, lines[:LONGEST_BLOCK])
    return measures, waits


def _compared(ghost: Ghost | None, before: str, truth: str, place: str) -> dict[str, Pair]:
    first = (ghost.text if ghost else "").partition("\n")[0]
    offered = first.strip()
    right = bool(offered) and offered == truth.strip()
    alike = {f"{name}, {place}": pair for name, pair in likeness(before, first, truth).items()}
    return {
        f"EM, {place}": (float(right), 1.0),
        f"ES, {place}": (edit_similarity(offered, truth.strip()) / 100, 1.0),
        f"coverage, {place}": (float(bool(offered)), 1.0),
        **alike,
    } | ({f"precision, {place}": (float(right), 1.0)} if offered else {})


def _statement(ghost: Ghost | None, lines: Sequence[str], language: str) -> Pair:
    return float(ghost is not None and statement_matches(ghost.text, "\n".join(lines), language)), 1.0


def _block(ghost: Ghost | None, truth: Sequence[str]) -> dict[str, Pair]:
    """Of more lines offered than the block has, the block's number counts: where it ends is not said."""
    offered = (ghost.text if ghost else "").split("\n")[: len(truth)]
    said, wanted = _code(offered), _code(truth)
    right = next((n for n, (one, other) in enumerate(zip(said, wanted, strict=False)) if one != other), None)
    perfect = min(len(said), len(wanted)) if right is None else right
    return {
        "EM, block": (float(said == wanted), 1.0),
        "ES, block": (edit_similarity("\n".join(said), "\n".join(wanted)) / 100, 1.0),
        "perfect lines, block": (float(perfect), float(len(wanted))),
    }


def _code(lines: Sequence[str]) -> list[str]:
    return [line.strip() for line in lines if line.strip()]
