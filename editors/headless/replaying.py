"""`infill bench replay`: how good completion would have been on a repository's own history."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from editors.headless.command import Command
from editors.headless.counts import whole
from editors.headless.exits import Exit, Stop
from editors.headless.replays import direct
from editors.headless.runs import options
from lsp_server.command_line import add_flags, as_flags, given

if TYPE_CHECKING:
    from editors.headless.history import History
    from editors.headless.replays.run import Task, Wish
    from editors.headless.runs.journal import Journal

EXAMPLES = """\
  infill bench replay .                          300 added lines of the newest commits, through the real server
  infill bench replay . --backend mistral        by another backend; interrupted, the same command goes on
  infill bench replay ../app --lines 100 --json  one line of JSON for each line, and the summary last
  infill bench replay . --report replay.html     with plots
  infill bench replay . --backend word           a baseline: plain word completion
"""
BACKENDS = ("workspace", "mistral", "openai", "llama_cpp", "host", "scripted")
MODES = ("point", "typing")
COLUMNS = (
    "RoCC",
    "AR",
    "wrong per line",
    "EM, line start",
    "EM, mid-line",
    "EM, inside a name",
    "EM, block",
    "cost per line",
)
PLACED = ("backend", "base_url", "model")
"""Settings that say where the model is: the stage stands there for the server, and the bench asks."""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("repository", type=Path, help="a git repository, or its git directory")
    parser.add_argument(
        "--backend", choices=(*BACKENDS, *direct.BASELINES), default="workspace", help="who answers (default workspace)"
    )
    parser.add_argument("--lines", type=whole(), default=300, metavar="N", help="lines drawn (default 300)")
    parser.add_argument(
        "--commits", type=whole(), default=400, metavar="N", help="newest commits to draw from (default 400)"
    )
    parser.add_argument("--start", default="HEAD", metavar="REV", help="the commit to look back from (default HEAD)")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--mode", choices=(*MODES, "both"), default="both", help="how to ask (default both)")
    parser.add_argument(
        "--tokens",
        type=whole(0),
        default=0,
        metavar="K",
        help="take what is right in its first K tokens (default: its line)",
    )
    options.add_flags(parser)
    add_flags(parser, without=("backend", "log_level"))
    seam = parser.add_argument_group("without a server")
    seam.add_argument("--direct", action="store_true", help="ask the workspace model, or a baseline, at its own seam")
    seam.add_argument("--floor", type=float, metavar="0..1", help="confidence for automatic offers")
    seam.add_argument(
        "--typed", type=whole(0), default=3, metavar="N", help="characters after which `word` completes (default 3)"
    )
    seam.add_argument(
        "--without", nargs="*", choices=direct.SCOPES, default=(), help="what the workspace model must do without"
    )


def _run(arguments: argparse.Namespace) -> int:
    if arguments.direct or arguments.without or arguments.floor is not None or arguments.backend in direct.BASELINES:
        return direct.run(arguments)
    from editors.headless.history import History, NoHistory

    try:
        history = History(arguments.repository)
        try:
            return _replay(arguments, history)
        finally:
            history.close()
    except NoHistory as error:
        raise Stop(Exit.USAGE, f"{error} `infill bench` asks about the commits of a git repository.") from error


def _replay(arguments: argparse.Namespace, history: History) -> int:
    from editors.headless.replays.run import tasks

    wish = wish_of(arguments)
    found = tasks(history, wish)
    if not found:
        raise Stop(Exit.NOTHING, "No commit added a line of code that is worth asking about.")
    with options.open_journal(arguments, "replay", plan_of(arguments)) as journal:
        ask(journal, history, wish, found, say=arguments.json)
        return options.conclude(arguments, journal, COLUMNS)


def ask(journal: Journal, history: History, wish: Wish, found: list[Task], *, say: bool) -> None:
    """Asks what the journal does not have yet. Raises `Stop` with what is to be done when the backend does not answer."""
    from backends.errors import BackendError
    from editors.headless.nursery import Silent
    from editors.headless.replays.run import Replay, Stopped
    from editors.headless.runs.failing import kept
    from editors.headless.runs.progress import Progress

    missing = [task for task in found if not journal.has(task.name)]
    if not missing:  # nothing to start, and no key to want
        return
    lines, left = (sum(len(task.lines) for task in some) for some in (found, missing))
    try:
        with Replay(history, wish) as replay, Progress("lines", lines, done=lines - left) as progress:
            for task in missing:
                rows = replay.rows(task)
                journal.add(task.name, rows)
                progress.step(len(rows), failed=sum(bool(row.failed) for row in rows))
                for row in rows if say else ():
                    print(json.dumps(row.as_json()), flush=True)
    except (Stopped, Silent, KeyboardInterrupt) as error:
        said = "Interrupted." if isinstance(error, KeyboardInterrupt) else str(error)
        code = Exit.BACKEND if isinstance(error, Stopped) else Exit.NOTHING
        raise Stop(code, f"{said} {kept(journal, lines, 'lines')}") from error
    except BackendError as error:
        raise Stop(Exit.BACKEND, str(error)) from error


def wish_of(arguments: argparse.Namespace) -> Wish:
    from editors.headless.replays.run import Wish
    from lsp_server.from_settings import backend_config
    from lsp_server.resolve import resolve

    said = {**given(arguments), "backend": arguments.backend}
    settings = resolve(said).settings
    return Wish(
        lines=arguments.lines,
        commits=arguments.commits,
        start=arguments.start,
        seed=arguments.seed,
        modes=MODES if arguments.mode == "both" else (arguments.mode,),
        tokens=arguments.tokens,
        config=backend_config(settings),
        flags=as_flags({name: value for name, value in said.items() if name not in PLACED}),
    )


def plan_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """What decides the questions and the answers, as far as it can be said."""
    from importlib.metadata import version

    from editors.headless.runs.about import OWN, commit_of

    kept = ("backend", "lines", "commits", "seed", "mode", "tokens")
    return {
        "repository": str(arguments.repository.resolve()),
        "commit": commit_of(arguments.repository, arguments.start),
        **{name: getattr(arguments, name) for name in kept},
        "settings": dict(given(arguments)),
        "infill": f"{version('infill-ls')} {commit_of(OWN)}".strip(),
    }


COMMAND = Command(EXAMPLES, _arguments, _run)
