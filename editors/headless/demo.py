"""`infill demo`: somebody types into a real file, with the real server behind the editor, and you watch.

The file is a copy in memory; nothing is written. The workspace model answers unless another backend is named, so no key, GPU
or network is needed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import IO, TextIO

from editors.headless.buffer import Buffer, Ghost
from editors.headless.client import Client, RequestFailed, ServerGone
from editors.headless.command import Command
from editors.headless.config import settings_here
from editors.headless.editor import Editor
from editors.headless.exits import Exit, Stop
from editors.headless.passage import Passage, choose
from editors.headless.place import root_of
from editors.headless.screen import Screen
from editors.headless.terminal import Ink, visible_line
from editors.headless.typist import Seen, type_out
from lsp_server.command_line import add_flags, as_flags, given

EXAMPLES = """\
  infill demo                        type into a file of Infill itself
  infill demo ~/src/project          into a file of yours; in memory, the file stays as it is
  infill demo src/app.py --backend mistral
"""
OWN = Path(__file__).resolve().parent.parent.parent / "lsp_server" / "sync.py"
KEY_PAUSE, TAB_PAUSE = 0.03, 0.45  # seconds, on a terminal only
ABOVE = 6  # lines of the file shown above the cursor


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", type=Path, metavar="PATH", help="a file or folder of yours")
    parser.add_argument("--fast", action="store_true", help="no pauses for watching")
    parser.add_argument("--json", action="store_true", help="draw nothing, and print the numbers as JSON")
    add_flags(parser)


def _run(arguments: argparse.Namespace) -> int:
    import tempfile

    from context.privacy import Gate

    path: Path | None = arguments.path
    root = OWN.parent if path is None else path if path.is_dir() else root_of(path)
    if path is not None and path.is_file() and (refusal := Gate([root]).refusal(path)) is not None:
        raise Stop(Exit.NOTHING, f"In {path} nothing would be offered: it is kept from every model ({refusal}).")
    passage = choose(path or OWN)
    if passage is None:
        raise Stop(Exit.NOTHING, f"{path} holds no file of program text that is long enough to show something in.")
    wishes = {"backend": "workspace", **given(arguments)}
    embedded = wishes["backend"] == "workspace"
    if not embedded:
        _ask_first(arguments, root)
    with tempfile.TemporaryFile() as errors:
        try:
            unseen = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - the next line closes it
            with unseen, nullcontext(unseen if arguments.json else sys.stdout) as stream:
                show = asyncio.run(_perform(passage, root, as_flags(wishes), errors, stream, fast=arguments.fast))
        except (ServerGone, RequestFailed) as error:
            raise Stop(Exit.NOTHING, f"{error} {_tail(errors)}") from None
    if arguments.json:
        print(json.dumps({"file": str(passage.snapshot.path), "backend": wishes["backend"], **show.numbers()}))
        return Exit.DONE if show.accepted else Exit.NOTHING
    show.sum_up()
    print(NEXT.format(what=EMBEDDED if embedded else f"The backend was {wishes['backend']}."))
    return Exit.DONE if show.accepted else Exit.NOTHING


def _ask_first(arguments: argparse.Namespace, root: Path) -> None:
    """A backend that is far away and does not work would make a long and empty demonstration."""
    from backends.errors import BackendError
    from context.privacy import Gate
    from editors.headless.asking import backend_in

    async def ask() -> None:
        backend = backend_in(root, Gate([root]), settings_here(arguments, root).settings)
        try:
            await backend.check()
        finally:
            await backend.aclose()

    try:
        asyncio.run(ask())
    except BackendError as error:
        raise Stop(Exit.BACKEND, str(error)) from None


async def _perform(
    passage: Passage, root: Path, flags: list[str], errors: IO[bytes], stream: TextIO, *, fast: bool
) -> _Show:
    snapshot = passage.snapshot
    buffer = Buffer(snapshot.text[: passage.start] + snapshot.text[passage.end :], passage.start)
    async with Client(root, flags=flags, errors=errors, ledger=False) as client:
        editor = Editor(client, snapshot.uri, snapshot.language, buffer)
        show = _Show(editor, stream, fast=fast)
        show.introduce(passage)
        await editor.open()
        await type_out(show, passage.text, await editor.look())
        show.screen.finish_line()
    return show


class _Show:
    """The editor with somebody looking over the typist's shoulder: draws what each keystroke brings, and counts."""

    def __init__(self, editor: Editor, stream: TextIO, *, fast: bool) -> None:
        self._stream = stream
        self.screen = Screen(stream, editor.buffer.line_number)
        self._editor = editor
        self._pause = 0.0 if fast or not self.screen.live else 1.0
        self._keys = self._saved = 0
        self._waits: list[float] = []
        self.accepted = 0

    def introduce(self, passage: Passage) -> None:
        title = f"{visible_line(passage.name)}, line {self._editor.buffer.line_number}"
        words = f"""\
{Ink(self._stream).bold(title)}: a passage that resembles the rest of the file was taken
out and is written again, as an editor with Infill shows it. This happens in
memory; the file stays as it is. {self.screen.legend}
Milliseconds are from the keystroke to the ghost text.
"""
        print(words, file=self._stream)
        self.screen.context(passage.snapshot.text[: passage.start].splitlines()[-ABOVE:])

    async def type(self, text: str) -> Seen:
        seen = await self._editor.type(text)
        self.screen.add(text, accepted=False)
        self._keys += 1
        return await self._look_at(seen)

    async def accept(self, ghost: Ghost, length: int) -> Seen:
        await asyncio.sleep(self._pause * TAB_PAUSE)
        self.screen.add(ghost.text[:length], accepted=True, took=self._waits[-1])
        self._keys, self._saved, self.accepted = self._keys + 1, self._saved + length - 1, self.accepted + 1
        return await self._look_at(await self._editor.accept(ghost, length))

    async def _look_at(self, seen: Seen) -> Seen:
        self._waits.append(seen.took)
        self.screen.ghost(
            seen.ghost, self._editor.buffer.line_after, f"{seen.took * 1000:.0f} ms" if seen.ghost else ""
        )
        await asyncio.sleep(self._pause * KEY_PAUSE)
        return seen

    def numbers(self) -> Mapping[str, float]:
        """Keys pressed, keys that it would have been without, acceptances, questions, and milliseconds of their median."""
        return {
            "keys": self._keys,
            "characters": self._keys + self._saved,
            "accepted": self.accepted,
            "asked": len(self._waits),
            "median_ms": round(statistics.median(self._waits) * 1000, 1),
        }

    def sum_up(self) -> None:
        usual, whole = statistics.median(self._waits) * 1000, self._keys + self._saved
        print(f"\n{self._keys} keys instead of {whole}, {self.accepted} of them Tab.")
        print(f"Asked {len(self._waits)} times, answered in {usual:.0f} ms (median).")


EMBEDDED = "The workspace model answered: it learns from the open project and sends nothing."
NEXT = """{what}

next:
  your code     infill demo PATH
  your editor   it starts `infill lsp`; docs/editors.md has the few lines for it
  a key         `infill key set`, then Codestral answers; `infill doctor` checks
  a local model infill demo --backend llama_cpp, with a llama-server running
"""


def _tail(errors: IO[bytes]) -> str:
    """What the server said last; its log never holds text of files."""
    errors.seek(0)
    lines = errors.read().decode(errors="replace").splitlines()
    return "It last said: " + " / ".join(lines[-3:]) if lines else "It said nothing."


COMMAND = Command(EXAMPLES, _arguments, _run)
