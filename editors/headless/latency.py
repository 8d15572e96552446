"""`infill bench latency`: typing sessions replayed through the real server, against a model of any speed, beside a baseline.

The server is the real process over its pipes, the model an HTTP endpoint that says what it is told, and time a number
(`stage.py`): a run can be repeated, whatever else the machine does. Only the server's own work is measured on the
machine, and counts on top.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from editors.headless.command import Command
from editors.headless.counts import whole
from editors.headless.exits import Exit, Stop
from editors.headless.scratch import Scratch

if TYPE_CHECKING:
    from editors.headless.imagined import Speed
    from editors.headless.passage import Passage
    from editors.headless.policy import Request
    from editors.headless.runs.progress import Progress
    from editors.headless.session import Record
    from editors.headless.tally import Tally

EXAMPLES = """\
  infill bench latency                       the whole grid, in files of Infill itself
  infill bench latency ~/src/project --json  in files of yours; nothing is written to them
  infill bench latency --first 300 --tokens 150 --sessions 6
"""
OWN = Path(__file__).resolve().parent.parent.parent
OWN_FILES = (
    "lsp_server/debounce.py",
    "backends/sse.py",
    "context/snapshot.py",
    "lsp_server/cache.py",
    "backends/errors.py",
)
FIRST, TOKENS = (100, 300, 800), (50, 150)
LONG, SHORT = 1100, 500  # characters of a passage
UNLIMITED = ("--set=daily_tokens=0", "--set=daily_cost=0")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", type=Path, metavar="PATH", help="a file or folder to take passages from")
    parser.add_argument(
        "--first", type=whole(0), nargs="+", default=FIRST, metavar="MS", help="times to the first token"
    )
    parser.add_argument(
        "--tokens", type=whole(), nargs="+", default=TOKENS, metavar="N", help="tokens each second after it"
    )
    parser.add_argument("--sessions", type=whole(), default=6, metavar="N", help="sessions in each cell of the grid")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the typist and of the model's mistakes")
    parser.add_argument("--lines", type=whole(0), default=0, metavar="N", help="make every file at least this long")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _run(arguments: argparse.Namespace) -> int:
    from editors.headless.imagined import Speed
    from editors.headless.nursery import Silent
    from editors.headless.runs.progress import Progress
    from editors.headless.tally import goals

    passages = _passages(arguments.path, arguments.sessions, arguments.seed)
    passages = [lengthened(passage, arguments.lines) for passage in passages]
    cells: list[dict[str, Any]] = []
    speeds = [Speed(first / 1000, tokens) for first in arguments.first for tokens in arguments.tokens]
    for number, speed in enumerate(speeds):
        try:
            with Progress("sessions", len(speeds) * len(passages), done=number * len(passages)) as progress:
                baseline, ours = _cell(passages, speed, arguments.seed, progress)
        except Silent as error:
            raise Stop(Exit.NOTHING, str(error)) from None
        met = [{"goal": goal.what, "met": goal.met} for goal in goals(ours, baseline)]
        cells.append({"speed": str(speed), "baseline": baseline, "infill": ours, "goals": met})
        if not arguments.json:
            print(table_of(cells[-1], head=len(cells) == 1), flush=True)
    print(
        json.dumps([_as_json(cell) for cell in cells], indent=1)
        if arguments.json
        else f"\n{LEGEND}\n\n{verdict(cells)}"
    )
    missed = {goal["goal"] for cell in cells for goal in cell["goals"] if not goal["met"]}
    return Exit.NOTHING if missed else Exit.DONE


def _cell(passages: Sequence[Passage], speed: Speed, seed: int, progress: Progress) -> tuple[Tally, Tally]:
    from editors.headless.tally import tally

    results: dict[str, tuple[list[Record], list[Request]]] = {"baseline": ([], []), "infill": ([], [])}
    for number, passage in enumerate(passages):
        for name, (records, requests) in results.items():
            record, asked = session(name, passage, speed, seed + number)
            records.append(record)
            requests.extend(asked)
        progress.step()
    return tally(*results["baseline"]), tally(*results["infill"])


def session(name: str, passage: Passage, speed: Speed, seed: int) -> tuple[Record, list[Request]]:
    """One person, one passage, one policy. The same seed gives the same slips and pauses to each policy, key for key."""
    from editors.headless.fingers import HANDS, Fingers
    from editors.headless.imagined import Imagined
    from editors.headless.nursery import Nursery
    from editors.headless.plain_policy import Baseline
    from editors.headless.server_policy import Ours
    from editors.headless.session import Session
    from editors.headless.stage import Stage, Timeline

    timeline, model = Timeline(), Imagined(passage, speed, seed)
    session = Session(timeline, passage, Fingers(HANDS[seed % len(HANDS)], seed))
    if name == "baseline":
        policy = session.begin(partial(Baseline, timeline, model, passage.snapshot, session.buffer))
        while not session.over:
            timeline.step()
        return session.record, policy.requests
    assert passage.snapshot.path is not None
    with Scratch("latency") as home:
        root = passage.snapshot.path.parent
        with Nursery(root, Path(home)) as nursery, Stage(nursery, timeline, _flags) as stage:
            policy = session.begin(partial(Ours, stage, model, passage.snapshot, session.buffer, root))
            stage.play(lambda: session.over)
    return session.record, policy.requests


def _flags(url: str) -> Sequence[str]:
    return ("--backend", "mistral", "--base-url", url, *UNLIMITED)


def _passages(path: Path | None, sessions: int, seed: int) -> list[Passage]:
    """Stretches of real files, taken out to be typed again."""
    from editors.headless.passage import files_of

    files = [OWN / name for name in OWN_FILES] if path is None else files_of(path)
    found = [passage for file in sorted(files) for passage in _of(file)]
    if not found:
        raise Stop(Exit.NOTHING, f"{path} holds no file of program text that is long enough to type in.")
    random = Random(seed)
    random.shuffle(found)
    return [found[number % len(found)] for number in range(sessions)]


def _of(file: Path) -> Iterator[Passage]:
    from editors.headless.passage import Passage
    from editors.headless.place import line_spans, open_snapshot

    snapshot = open_snapshot(file)
    text, spans = snapshot.text, line_spans(snapshot.text)
    starts = [start for (_, blank), (start, _) in pairwise(spans) if text[:blank].endswith("\n")]
    for start in starts[1:]:
        ends = [end for _, end in spans if SHORT <= end - start <= LONG and text[end:].startswith("\n\n")]
        if ends:
            yield Passage(snapshot, start, ends[-1], 0.0, (True, True))


def lengthened(passage: Passage, lines: int) -> Passage:
    """The same passage in a longer file: the text around it, over and over."""
    text, short = passage.snapshot.text, lines - passage.snapshot.text.count("\n")
    if short <= 0:
        return passage
    copies = -(-short // (2 * text.count("\n"))) * text
    return replace(
        passage,
        snapshot=replace(passage.snapshot, text=copies + text + copies),
        start=passage.start + len(copies),
        end=passage.end + len(copies),
    )


COLUMNS = (
    ("visible p50", "visible_p50", "{:.0f}"),
    ("fresh p50", "fresh_p50", "{:.0f}"),
    ("requests", "requests", "{}"),
    ("wasted", "wasted", "{}"),
    ("taken", "accepted", "{}"),
    ("flickers", "flickers", "{}"),
    ("in 5 ms", "through", "{:.0%}"),
    ("own", "asking_p50", "{:.1f}"),
)
LEGEND = """\
visible, fresh: ms from a key to ghost text, fresh where it was not there already. wasted: requests
of which nothing was seen. taken: characters accepted. in 5 ms: keys along ghost text that had its
rest so soon. own: ms of the server's work for a request. --json has all."""


def table_of(cell: Mapping[str, Any], *, head: bool) -> str:
    """One cell of the grid, a line for each policy, at most 100 columns wide; with `head`, the titles over it."""
    lines = (
        [f"{'model':16}{'policy':8}" + "".join(f"{title:>{_width(title)}}" for title, _, _ in COLUMNS)] if head else []
    )
    for name in ("baseline", "infill"):
        numbers = [form.format(getattr(cell[name], field)) for _, field, form in COLUMNS]
        if name == "baseline":
            numbers[-1] = "-"  # it has no process of its own to measure
        columns = zip(numbers, COLUMNS, strict=True)
        row = "".join(f"{number:>{_width(title)}}" for number, (title, _, _) in columns)
        lines.append(f"{cell['speed'] if name == 'baseline' else '':16}{name:8}{row}")
    return "\n".join(lines)


def verdict(cells: Sequence[Mapping[str, Any]]) -> str:
    """Whether each goal was met, and where it was not."""
    missed: dict[str, list[str]] = {goal["goal"]: [] for cell in cells for goal in cell["goals"]}
    for cell in cells:
        for goal in cell["goals"]:
            if not goal["met"]:
                missed[goal["goal"]].append(str(cell["speed"]))
    lines = [f"missed: {what}, with a model of {'; '.join(speeds)}" for what, speeds in missed.items() if speeds]
    met = len(missed) - len(lines)
    return "\n".join(
        [*lines, f"{met} of {len(missed)} goals against the baseline are met at every speed of the model."]
    )


def _width(title: str) -> int:
    return max(len(title), 5) + 2


def _as_json(cell: dict[str, Any]) -> dict[str, Any]:
    return {**cell, "baseline": cell["baseline"].as_json(), "infill": cell["infill"].as_json()}


COMMAND = Command(EXAMPLES, _arguments, _run)
