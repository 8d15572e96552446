"""What the index costs: built from nothing, looked through when nothing changed, and taken up again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from backends.workspace.backend import WorkspaceInfiller, index_file
from backends.workspace.index import load
from context.clock import MonotonicClock
from context.privacy import Gate

PATIENCE = 1800.0
"""Seconds after which a build is given up."""


async def build(folder: Path, store: Path) -> dict[str, Any]:
    first = await _prepared(folder, store)
    again = await _prepared(folder, store)
    target = index_file(store, [folder])
    index = load(target)
    lines = sum(_lines(folder / path) for path in index.paths)
    return {
        "files": len(index.paths),
        "lines": lines,
        "tokens": len(index.tokens),
        "bytes": target.stat().st_size,
        "build_cpu": first["child_cpu"],
        "build_peak": first["child_peak"],
        "unchanged_cpu": again["child_cpu"],
        "taken_up_cpu": _taken_up(target),
    }


async def _prepared(folder: Path, store: Path) -> dict[str, float]:
    before, _ = _children()
    backend = WorkspaceInfiller([folder], Gate([folder]), store, MonotonicClock())
    await backend.prepare(PATIENCE)
    await backend.aclose()
    after, peak = _children()
    return {"child_cpu": after - before, "child_peak": peak}


def _taken_up(target: Path) -> float:
    began = time.process_time()
    load(target)
    return time.process_time() - began


def _children() -> tuple[float, int]:
    """Seconds of processor time of all processes that were started and have ended, and bytes that the largest of them held;
    0 where the system does not say."""
    try:
        from resource import RUSAGE_CHILDREN, getrusage
    except ImportError:
        return 0.0, 0
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")
