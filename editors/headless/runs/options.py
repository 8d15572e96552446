"""What every bench that keeps a journal has in common: where it goes, how it is gone on with, and what is printed of it."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from editors.headless.exits import Exit, Stop
from editors.headless.runs.about import about
from editors.headless.runs.figures import by, facets, summary
from editors.headless.runs.journal import Journal, Unfit, read
from editors.headless.runs.libraries import require_libraries
from editors.headless.runs.table import beside, headline, table


def add_flags(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the run")
    group.add_argument(
        "--out", type=Path, metavar="FILE", help="where to keep the run (default: in Infill's own folder)"
    )
    group.add_argument("--again", action="store_true", help="ask anew where the file holds a run already")
    group.add_argument("--all", action="store_true", help="show all measures, not only those that matter most")
    group.add_argument("--report", type=Path, metavar="FILE", help="write an HTML report with plots as well")
    group.add_argument("--json", action="store_true", help="print JSON Lines: each question, and the summary last")


def open_journal(arguments: argparse.Namespace, bench: str, plan: Mapping[str, Any], **more: Any) -> Journal:
    """The run's file: the named one, or one of Infill's own for this plan. An unfinished run is gone on with, a finished one
    read back.

    Raises `Stop` where the named file holds something else.
    """
    if arguments.report is not None:
        require_libraries()
    path: Path = arguments.out or own_file(bench, plan)
    if arguments.out is None and path.exists() and not arguments.again:
        try:
            read(path)
        except Unfit:
            path.unlink()
    try:
        journal = Journal(path, plan, about(bench, **more), again=arguments.again)
    except Unfit as error:
        raise Stop(Exit.USAGE, str(error)) from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Stop(Exit.NOTHING, f"The run cannot be kept in {path} ({why}). Name a file with --out.") from None
    if journal.finished:
        print(f"Read back from {path}; --again asks anew.", file=sys.stderr)
    elif journal.resumed:
        print(f"Going on after {journal.resumed} tasks kept in {path}.", file=sys.stderr)
    return journal


def conclude(arguments: argparse.Namespace, journal: Journal, columns: tuple[str, ...], *, quiet: bool = False) -> int:
    """Marks the run as finished and prints its figures, `quiet` without the table where a bench has one of its own. Failed
    questions are a failure of the backend."""
    found = summary(journal.rows)
    if not found.failed:  # otherwise the same command asks again what failed
        journal.finish({"rows": found.rows})
    if arguments.json:
        parts = {
            facet: {value: one.as_json() for value, one in by(journal.rows, facet).items()} for facet in _told(journal)
        }
        print(json.dumps({"summary": found.as_json(), "by": parts, "run": journal.about}))
    else:
        if not quiet:
            print(headline(found, columns))
            if arguments.all:
                print(f"\nall measures, which docs/benches.md explains\n{table(found)}")
            for facet in _told(journal):
                print(f"\nby {facet}\n" + beside(by(journal.rows, facet), columns))
            if not arguments.all and (more := sum(one.measure not in columns for one in found.figures)):
                print(f"\n{more} more measures: --all shows them.")
        for reason, number in _reasons(journal).items():
            print(f"failed {number} times: {reason}", file=sys.stderr)
        print(f"kept in {journal.path}", file=sys.stderr)
    if arguments.report is not None:
        from editors.headless.runs.report import write

        write(arguments.report, [(journal.about, journal.rows)])
    return Exit.BACKEND if found.failed else Exit.DONE


def _told(journal: Journal) -> Sequence[str]:
    return facets(journal.rows)


def _reasons(journal: Journal) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for row in journal.rows:
        if row.failed:
            counts[row.failed] = counts.get(row.failed, 0) + 1
    return counts


def own_file(bench: str, plan: Mapping[str, Any]) -> Path:
    """Where the run of a plan is kept when no file is named."""
    from platformdirs import user_state_path

    digest = hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()[:12]
    return user_state_path("infill", appauthor=False) / "bench" / f"{bench}-{digest}.jsonl"
