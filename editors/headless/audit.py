"""`infill audit`: what left this machine, when, to whom and from which files. Read from the ledger that `audit` switches on."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from editors.headless.command import Command
from editors.headless.config import settings_here
from editors.headless.counts import MOST_DAYS, whole
from editors.headless.exits import Exit, Stop
from editors.headless.terminal import Ink, folded, visible_line
from lsp_server.command_line import add_flags
from lsp_server.from_settings import audit_path

EXAMPLES = """\
  infill audit                          what left in the last seven days
  infill audit --file src/app.py        only what held text of this file
  infill audit --days 1 --json | jq .   with the hashes of every piece, for a program
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--days",
        type=whole(1, MOST_DAYS),
        default=7,
        metavar="N",
        help="how many days back, today included (default 7)",
    )
    parser.add_argument("--file", metavar="PATH", help="only requests with text of this file, as a model sees its path")
    parser.add_argument("--json", action="store_true", help="print JSON, a request in each element")
    add_flags(parser)


def _run(arguments: argparse.Namespace) -> int:
    path = audit_path()
    on = settings_here(arguments, Path.cwd()).settings.audit
    first_day = datetime.now().date() - timedelta(days=arguments.days - 1)
    since = datetime.combine(first_day, datetime.min.time()).timestamp()
    found = [
        departure
        for departure in _departures(path)
        if departure["at"] >= since and (arguments.file is None or arguments.file in _files(departure))
    ]
    if arguments.json:
        print(json.dumps(found, indent=2))
    elif found:
        print(_table(found))
    said = ""
    if not on:
        said = "`audit` is off: nothing is recorded now. Set it to true in your own settings file."
    elif not found:
        said = f"Nothing left since {first_day.isoformat()}. The ledger is {path}."
    if said:
        print(folded(said, sys.stderr, indent=0), file=sys.stderr)
    return Exit.DONE if found else Exit.NOTHING


def _departures(path: Path) -> Iterator[Mapping[str, Any]]:
    """The older file first. A line that a crash left unfinished is passed over; a ledger that cannot be read is said."""
    for each in (path.with_suffix(".1.jsonl"), path):
        try:
            lines = each.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise Stop(Exit.NOTHING, f"{each} cannot be read ({error.strerror}).") from error
        for line in lines:
            try:
                departure = json.loads(line)
            except ValueError:
                continue
            if isinstance(departure, dict) and isinstance(departure.get("at"), (int, float)):
                yield departure


def _files(departure: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(str(file) for part in departure.get("parts", ()) for file in part.get("files", ())))


def _table(departures: list[Mapping[str, Any]]) -> str:
    ink = Ink(sys.stdout)
    head = f"{'when':19}  {'bytes':>7}  {'masked':>6}  to, and from which files"
    lines = [ink.dim(folded(head, sys.stdout))]
    for departure in departures:
        when = datetime.fromtimestamp(departure["at"]).isoformat(sep=" ", timespec="seconds")
        masks = sum(part.get("masks", 0) for part in departure.get("parts", ()))
        files = ", ".join(visible_line(file) for file in _files(departure)) or "no text of yours"
        to = visible_line(str(departure.get("destination", "")))
        row = f"{when}  {departure.get('bytes', 0):7}  {masks or '':>6}  {to}: {files}"
        lines.append(folded(row, sys.stdout))
    total = sum(departure.get("bytes", 0) for departure in departures)
    lines.append(ink.dim(f"{len(departures)} requests, {total} bytes."))
    return "\n".join(lines)


COMMAND = Command(EXAMPLES, _arguments, _run)
