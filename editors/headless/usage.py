"""`infill usage`: tokens, cost, latency, acceptance and survival, from the ledger that stays on this machine."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from datetime import date, timedelta
from pathlib import Path

from editors.headless.command import Command
from editors.headless.counts import MOST_DAYS, whole
from editors.headless.exits import Exit, Stop
from editors.headless.runs.libraries import require_libraries
from editors.headless.terminal import Ink, folded, visible_line
from lsp_server.usage_report import COLUMNS, GROUPS, Row, Unreadable, as_table, report

LEGEND = (
    "asked: requests, and bad those of them that failed; in/out: tokens; ms: until the first text; shown: suggestions; taken: of"
    " those, accepted in whole or in part; typed: written out by hand instead; chars: accepted."
)

EXAMPLES = """\
  infill usage                       the last seven days, a line a day
  infill usage --days 30 --by model  who answered, and how often it was accepted
  infill usage --csv > usage.csv     for a spreadsheet
  infill usage --days 30 --plot usage.html   as plots, in one file that is opened without network
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--days",
        type=whole(1, MOST_DAYS),
        default=7,
        metavar="N",
        help="how many days back, today included (default 7)",
    )
    parser.add_argument("--by", choices=GROUPS, default="day", help="what to add the numbers up by (default day)")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print JSON")
    shape.add_argument("--csv", action="store_true", help="print CSV")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write an HTML page with plots as well")


def _run(arguments: argparse.Namespace) -> int:
    import platformdirs

    if arguments.plot is not None:
        require_libraries()
    ledger = platformdirs.user_data_path("infill", appauthor=False) / "usage.sqlite"
    since = (date.today() - timedelta(days=arguments.days - 1)).isoformat()
    try:
        rows = report(ledger, since, arguments.by)
    except Unreadable as error:
        raise Stop(Exit.NOTHING, f"{ledger} cannot be read ({error}). Move it aside to begin a new one.") from error
    if arguments.json:
        print(json.dumps([as_table(row) for row in rows], indent=2))
    elif arguments.csv:
        writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(as_table(row) for row in rows)
    elif rows:
        print(_table(rows, arguments.by))
    else:
        words = f"Nothing since {since}: no request was made and nothing was suggested."
        print(folded(words, sys.stdout, indent=0))
    if rows and arguments.plot is not None:
        from editors.headless.usage_page import write

        write(arguments.plot, rows, arguments.by, since)
    return Exit.DONE if rows else Exit.NOTHING


def _table(rows: list[Row], by: str) -> str:
    ink = Ink(sys.stdout)
    widest = max(len(by), *(len(visible_line(row.group)) for row in rows))
    headings = f"{'asked':>6} {'bad':>4} {'in':>8}/{'out':<7}{'cost':>8}  {'ms p50':>6}/{'p95':<5}{'shown':>6} taken typed  chars"
    lines = [ink.dim(folded(f"{by:{widest}} {headings}", sys.stdout))]
    for row in rows:
        numbers = (
            f"{visible_line(row.group):{widest}} {row.requests:6} {row.failed:4} {row.tokens_in:8}/{row.tokens_out:<7}"
            f"{row.cost:8.4f}$ {_number(row.first_ms_p50):>6}/{_number(row.first_ms_p95):<5}"
            f"{row.suggestions:6} {_share(row.acceptance):>5} {row.typed:5} {row.characters:6}"
        )
        lines.append(folded(numbers, sys.stdout))
    kept = [
        f"{visible_line(row.group)} {_share(row.kept_30s)} / {_share(row.kept_5min)}"
        for row in rows
        if row.kept_30s is not None or row.kept_5min is not None
    ]
    if kept:
        lines.append(folded(f"Of what was taken, still there after 30 s / 5 min: {', '.join(kept)}", sys.stdout))
    return "\n".join([*lines, ink.dim(folded(LEGEND, sys.stdout, indent=0))])


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"


COMMAND = Command(EXAMPLES, _arguments, _run)
