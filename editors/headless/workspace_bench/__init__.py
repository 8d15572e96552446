"""`infill bench workspace`: processor time and memory of the workspace model, in a folder of yours or one of a million lines."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from editors.headless.command import Command
from editors.headless.counts import whole
from editors.headless.exits import Exit, Stop
from editors.headless.scratch import Scratch

EXAMPLES = """\
  infill bench workspace                     in a million lines of Python, put together from what is installed here
  infill bench workspace ~/src/project       in a folder of yours; nothing is written to it
  infill bench workspace --files 100 --json  on more files, as one JSON object
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="a folder with code")
    parser.add_argument(
        "--lines", type=whole(), default=1_000_000, metavar="N", help="lines to put together (default 1,000,000)"
    )
    parser.add_argument("--files", type=whole(), default=50, metavar="N", help="files to ask in (default 50)")
    parser.add_argument(
        "--repeat",
        type=whole(),
        default=3,
        metavar="N",
        help="ask so often at each place, and take the least (default 3)",
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the places")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(arguments: argparse.Namespace) -> int:
    with Scratch("workspace") as folder:
        store = Path(folder, "store")
        if arguments.folder is not None:
            found = _measured(arguments, arguments.folder.resolve(), store)
        else:
            from editors.headless.workspace_bench.million import put_together

            source = Path(folder, "million")
            put_together(source, arguments.lines)
            found = _measured(arguments, source, store)
    if arguments.json:
        print(json.dumps(found))
    else:
        from editors.headless.workspace_bench.table import table

        print(table(found))
    return Exit.DONE


def _measured(arguments: argparse.Namespace, folder: Path, store: Path) -> dict[str, Any]:
    from editors.headless.runs.progress import Progress
    from editors.headless.workspace_bench.asking import ask
    from editors.headless.workspace_bench.building import build
    from editors.headless.workspace_bench.places import draw

    if sys.stderr.isatty():
        print("Building the index …", end="\r", file=sys.stderr, flush=True)
    try:
        built = asyncio.run(build(folder, store))
    except OSError as error:
        raise Stop(Exit.USAGE, f"{folder} cannot be indexed: {error.strerror}.") from error
    drawn = draw(folder, store, arguments.files, arguments.seed)
    if not drawn:
        raise Stop(Exit.NOTHING, f"{folder} holds no file of program text that is long enough to ask in.")
    with Progress("files", len(drawn)) as progress:
        asked = asyncio.run(ask(folder, store, drawn, arguments.repeat, progress))
    return {"index": built, **asked, "files": len(drawn), "repeat": arguments.repeat}


COMMAND = Command(EXAMPLES, _arguments, _run)
