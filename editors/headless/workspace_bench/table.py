"""The measures as a table for a terminal."""

from __future__ import annotations

import sys
from typing import Any

from editors.headless.terminal import Ink


def table(found: dict[str, Any]) -> str:
    ink = Ink(sys.stdout)
    index, calibration = found["index"], found["calibration"]
    lines = [
        ink.bold(f"{index['lines']:,} lines in {index['files']:,} files, {index['tokens']:,} tokens"),
        f"index: {index['build_cpu']:.1f} s of CPU to build, {_mega(index['build_peak'])} resident at its peak, "
        f"{_mega(index['bytes'])} on disk",
        f"second start: {1000 * index['taken_up_cpu']:.0f} ms of CPU to take it up, "
        f"{index['unchanged_cpu']:.1f} s beside it to see that nothing changed",
        f"this process with the index, and the bench: {_mega(found['resident'])} resident",
        f"calibration loop: {calibration['p50']:.2f} ms, {calibration['p99']:.2f} at the 99th percentile",
        "",
        ink.dim(
            f"ms of CPU, the least of {found['repeat']} at each place{'':12}number     p50     p99   p99 of every run"
        ),
    ]
    lines += [
        f"{what:52}{times['number']:7}{times['p50']:8.2f}{times['p99']:8.2f}{times['p99_of_every']:19.2f}"
        for what, times in found["times"].items()
    ]
    return "\n".join(lines)


def _mega(number: int) -> str:
    return f"{number / 1e6:.0f} MB" if number else "?"
