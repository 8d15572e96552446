"""`infill bench latency`: typing sessions replayed through the real server, against a model of any speed, beside a baseline.

The server is the real process over its pipes, the model an HTTP endpoint that says what it is told, and time a number
(`stage.py`): a run can be repeated, whatever else the machine does. Only the server's own work is measured on the
machine, and counts on top.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from editors.headless.command import Command
from editors.headless.counts import whole
from editors.headless.exits import Exit, Stop

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
    from editors.headless.runs.progress import Progress
    from editors.headless.stage import Silent
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
            _print(cells[-1], head=len(cells) == 1)
    if arguments.json:
        print(json.dumps([_as_json(cell) for cell in cells], indent=1))
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
    with tempfile.TemporaryDirectory() as home:
        root = passage.snapshot.path.parent
        with Stage(root, Path(home), timeline, _flags) as stage:
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
    ("p95", "visible_p95", "{:.0f}"),
    ("fresh p50", "fresh_p50", "{:.0f}"),
    ("p95", "fresh_p95", "{:.0f}"),
    ("requests", "requests", "{}"),
    ("/100 keys", "requests_per_100", "{:.1f}"),
    ("wasted", "wasted", "{}"),
    ("tokens/char", "tokens_per_character", "{:.0f}"),
    ("answer tokens/char", "answer_tokens_per_character", "{:.2f}"),
    ("accepted", "accepted", "{}"),
    ("flickers", "flickers", "{}"),
    ("through ≤ 5 ms", "through", "{:.1%}"),
    ("no wait after Tab", "at_once", "{:.0%}"),
    ("own work p50", "asking_p50", "{:.1f}"),
    ("p99", "asking_p99", "{:.1f}"),
    ("kept p50", "keeping_p50", "{:.1f}"),
)


OWN_WORK = 3  # of the columns, the last ones


def _print(cell: dict[str, Any], *, head: bool) -> None:
    """One cell as rows of a Markdown table; times in milliseconds."""
    if head:
        print("| model | policy | " + " | ".join(title for title, _, _ in COLUMNS) + " |")
        print("| --- | --- |" + " ---: |" * len(COLUMNS))
    for name in ("baseline", "infill"):
        numbers = [form.format(getattr(cell[name], field)) for _, field, form in COLUMNS]
        if name == "baseline":
            numbers[-OWN_WORK:] = ["–"] * OWN_WORK  # it has no process of its own to measure
        print(f"| {cell['speed']} | {name} | " + " | ".join(numbers) + " |", flush=True)
    for goal in cell["goals"]:
        if not goal["met"]:
            print(f"missed: {goal['goal']}", file=sys.stderr)


def _as_json(cell: dict[str, Any]) -> dict[str, Any]:
    return {**cell, "baseline": cell["baseline"].as_json(), "infill": cell["infill"].as_json()}


COMMAND = Command(EXAMPLES, _arguments, _run)
