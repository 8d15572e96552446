"""`infill act refactor`: the change as a difference; with `--write` it goes into the file, once the user has agreed."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from context.snapshot import Snapshot
from editors.headless.act_report import declined, paid
from editors.headless.exits import Exit, Stop
from editors.headless.hand import Hand, agreed
from editors.headless.place import line_spans
from editors.headless.terminal import Ink, visible
from lsp_server.actions.edits import applied, unified
from lsp_server.actions.outcome import Declined, Proposal
from lsp_server.actions.refactorings import REFACTORINGS

BOM = b"\xef\xbb\xbf"


async def run(hand: Hand, arguments: argparse.Namespace) -> int:
    snapshot, start, end = arguments.where.open()
    hand.open(snapshot)
    if arguments.refactoring is None and arguments.say is None:
        return _listed(hand, snapshot, start, end, as_json=arguments.json)
    if arguments.refactoring and arguments.refactoring not in {each.name for each in REFACTORINGS}:
        raise Stop(
            Exit.USAGE, f"There is no such refactoring; there are {', '.join(each.name for each in REFACTORINGS)}."
        )
    hand.must_talk()
    proposal = await hand.acts.refactor(
        snapshot, start, end, name=arguments.refactoring or "", wish=arguments.say or "", report=hand.report
    )
    if isinstance(proposal, Declined):
        return declined(proposal, as_json=arguments.json)
    after = applied(snapshot.text, proposal.edits)
    difference = unified(hand.gate.relative(snapshot.path), snapshot.text, after)
    written = False
    if not arguments.json:
        show_difference(difference, proposal.notes)
    if arguments.write:
        written = agreed(f"Write this to {arguments.where.path}?", yes=arguments.yes)
        if written:
            _write(snapshot, after)
    if arguments.json:
        print(json.dumps(_report(hand, proposal, difference, written=written), indent=2))
    return Exit.DONE if written or not arguments.write else Exit.NOTHING


def _listed(hand: Hand, snapshot: Snapshot, start: int, end: int, *, as_json: bool) -> int:
    if refused := hand.acts.refusal(snapshot):
        return declined(refused, as_json=as_json)
    offers = hand.acts.offers(snapshot, start, end)
    if as_json:
        print(
            json.dumps(
                {"done": True, "offers": [{"name": each.name, "title": each.title} for each in offers]}, indent=2
            )
        )
    else:
        print("\n".join(f"--as {each.name:10} {each.title}" for each in offers))
        print('--say "…"       Change it as you say')
    if hand.mute:
        print(f"infill: None of these can be asked for yet. {visible(hand.mute)}", file=sys.stderr)
    return Exit.DONE


def show_difference(difference: str, notes: Sequence[str]) -> None:
    ink = Ink(sys.stdout)
    for line in visible(difference).splitlines():
        paint = {"+": ink.good, "-": ink.bad, "@": ink.dim}.get(line[:1], str)
        print(paint(line))
    for note in notes:
        print(f"{Ink(sys.stderr).bad('note:')} {visible(note)}", file=sys.stderr)


def _write(snapshot: Snapshot, text: str) -> None:
    """Replaces the file as a whole, if it still says what the change was made for."""
    path = snapshot.path
    assert path is not None, "a file from the command line has a path"
    try:
        data = path.read_bytes()
        if data.decode("utf-8-sig") != snapshot.text:
            raise Stop(Exit.NOTHING, "The file has changed meanwhile. Nothing was written.")
        _replace(path, (BOM if data.startswith(BOM) else b"") + text.encode())
    except OSError as error:
        raise Stop(Exit.NOTHING, f"{path} cannot be written: {error.strerror}. Nothing was changed.") from None


def _replace(path: Path, data: bytes) -> None:
    """All or nothing, with the file's own permissions."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        temporary.chmod(path.stat().st_mode & 0o7777)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _report(hand: Hand, proposal: Proposal, difference: str, *, written: bool) -> dict[str, object]:
    starts = [start for start, _ in line_spans(proposal.snapshot.text)]
    edits = [
        {
            "first_line": sum(start <= edit.start for start in starts),
            "removes": proposal.snapshot.text[edit.start : edit.end],
            "inserts": edit.text,
        }
        for edit in proposal.edits
    ]
    return {
        "done": True, "title": proposal.title, "written": written, "difference": difference, "edits": edits,
        "notes": list(proposal.notes), **paid(hand.acts.card, proposal.usage),
    }  # fmt: skip
