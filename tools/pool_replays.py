"""Puts runs of `infill bench replay REPOSITORY --direct --json` together, as the tables and the plot of docs/benchmarks.md:

python tools/pool_replays.py NAME=RUN.jsonl NAME=RUN.jsonl            a row for each run, and one for all together
python tools/pool_replays.py … --plot docs/reliability.svg           how sure offers were, and how often they were right
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from editors.headless.replay import PointResult, TypingResult
from editors.headless.summary import Figure, summary

Results = list[PointResult | TypingResult]

HEAD = (
    *("lines / commits", "start", "mid", "part", "mid, source", "mid, tests", "similarity, mid"),
    *("shown", "right", "ECE", "completed", "right", "wrong per line"),
)
BINS = (0.0, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 1.0 + 1e-9)
FEWEST = 10
"""Offers that a dot of the plot stands for, at least."""
SIDE, MARGIN = 320, 48
"""Of the plot, in pixels."""


def read(path: Path) -> Results:
    found: Results = []
    for line in path.read_text().splitlines():
        row = json.loads(line)
        mode = row.pop("mode", None)
        if mode is not None:
            found.append(PointResult(**row) if mode == "point" else TypingResult(**row))
    return found


def row_of(name: str, results: Results) -> str:
    found = summary(results)
    cells = [f"{len([one for one in results if _is_line(one)])} / {len({one.commit for one in results})}"]
    cells += [_with_interval(found[f"exact, {kind}"]) for kind in ("start", "mid", "part")]
    cells += [_number(found.get(f"exact, mid, {part}")) for part in ("source", "tests")]
    cells.append(_number(found["edit similarity, mid"]))
    cells.append(_with_interval(found["automatic: places where something is shown"]))
    cells.append(_with_interval(found["automatic: shown and right"]))
    cells.append(_number(found["automatic: expected calibration error"]))
    if any(isinstance(one, TypingResult) for one in results):
        cells.append(_with_interval(found["typing: characters completed"]))
        cells.append(_number(found["typing: shown and right"]))
        cells.append(_number(found["typing: wrong per line (number)"], 2))
    else:
        cells += [""] * 3
    return f"| {name} | " + " | ".join(cells) + " |"


def _is_line(result: PointResult | TypingResult) -> bool:
    return isinstance(result, PointResult) and result.kind == "start"


def _number(figure: Figure | None, digits: int = 1) -> str:
    value = figure[0] if isinstance(figure, list) else figure
    return "" if value is None else f"{value:.{digits}f}"


def _with_interval(figure: Figure) -> str:
    assert isinstance(figure, list)
    return f"{figure[0]:.1f} [{figure[1]:.0f}, {figure[2]:.0f}]"


def bins_of(results: Iterable[PointResult | TypingResult]) -> list[tuple[float, float, int]]:
    """(mean confidence, share right, offers) of the automatic offers in each bin that has enough."""
    offers = [
        (one.shown_confidence, one.shown_right) for one in results if isinstance(one, PointResult) and one.shown_length
    ]
    found = []
    for low, high in pairwise(BINS):
        inside = [(sure, right) for sure, right in offers if low <= sure < high]
        if len(inside) >= FEWEST:
            size = len(inside)
            found.append((sum(sure for sure, _ in inside) / size, sum(right for _, right in inside) / size, size))
    return found


def plot(bins: Sequence[tuple[float, float, int]]) -> str:
    """A dot for each bin, as large as the root of its offers; on the diagonal confidence is what it says."""
    low = 0.4

    def x(share: float) -> float:
        return MARGIN + SIDE * (share - low) / (1 - low)

    def y(share: float) -> float:
        return MARGIN / 2 + SIDE - SIDE * (share - low) / (1 - low)

    side = SIDE + 1.5 * MARGIN
    style = "font: 12px system-ui, sans-serif; fill: #555"
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side:.0f} {side:.0f}" style="{style}">']
    parts.append(f'<path d="M{x(low)} {y(low)}L{x(1)} {y(1)}" stroke="#bbb" stroke-dasharray="4 4"/>')
    parts.append(f'<path d="M{x(low)} {y(1)}V{y(low)}H{x(1)}" stroke="#777" fill="none"/>')
    for percent in range(40, 101, 10):
        share = percent / 100
        parts.append(f'<text x="{x(share):.1f}" y="{y(low) + 16:.1f}" text-anchor="middle">{percent}</text>')
        parts.append(f'<text x="{x(low) - 6:.1f}" y="{y(share) + 4:.1f}" text-anchor="end">{percent}</text>')
    for sure, right, size in bins:
        title = f"<title>said {100 * sure:.0f} %, right {100 * right:.0f} % of {size}</title>"
        at = f'cx="{x(sure):.1f}" cy="{y(right):.1f}" r="{2 + size**0.5 / 3:.1f}"'
        parts.append(f'<circle {at} fill="#2563a8" fill-opacity="0.7">{title}</circle>')
    parts.append(f'<text x="{x(0.7):.1f}" y="{y(low) + 34:.1f}" text-anchor="middle">confidence, %</text>')
    middle = f"{x(low) - 34:.1f} {y(0.7):.1f}"
    parts.append(f'<text transform="translate({middle}) rotate(-90)" text-anchor="middle">right, %</text></svg>')
    return "\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN.jsonl")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg")
    arguments = parser.parse_args()
    named: Mapping[str, Results] = {
        name: read(Path(path)) for name, _, path in (run.partition("=") for run in arguments.runs)
    }
    everything = [result for results in named.values() for result in results]
    print("| repository | " + " | ".join(HEAD) + " |")
    print("| --- " * (len(HEAD) + 1) + "|")
    for name, results in named.items():
        print(row_of(name, results))
    print(row_of("**together**", everything))
    bins = bins_of(everything)
    print("\n| mean confidence | right | offers |\n| --- | --- | --- |")
    for sure, right, size in bins:
        print(f"| {100 * sure:.0f} % | {100 * right:.0f} % | {size} |")
    if arguments.plot is not None:
        arguments.plot.write_text(plot(bins))


if __name__ == "__main__":
    main()
