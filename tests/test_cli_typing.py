"""The editor and the typist that demo and benches share: ghost text in its place, taken when it is right."""

from __future__ import annotations

from typing import Any

import pytest

from editors.headless.buffer import Buffer, Ghost
from editors.headless.typist import Seen, next_key, type_out, worth_taking
from tests.marks import CURSOR


def buffer_of(marked: str) -> Buffer:
    before, _, after = marked.partition(CURSOR)
    return Buffer(before + after, len(before))


def item(text: str, line: int, start: int, end: int) -> dict[str, Any]:
    span = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
    return {"insertText": text, "range": span}


def test_change_counts_utf16_units_and_all_line_ends() -> None:
    buffer = buffer_of("a\r\nb\rc\n🙂‸)")
    change = buffer.insert("x", replaces=1)
    here = {"line": 3, "character": 2}
    assert change == {"range": {"start": here, "end": {"line": 3, "character": 3}}, "text": "x"}
    assert (buffer.text, buffer.version, buffer.line_number) == ("a\r\nb\rc\n🙂x", 2, 4)


@pytest.mark.parametrize(
    ("marked", "answer", "ghost"),
    [
        ("re‸", {"insertText": "turn x"}, ("turn x", 0)),
        ("re‸", item("return x", 0, 0, 2), ("turn x", 0)),
        ("f(‸)", item("🙂)", 0, 2, 3), ("🙂)", 1)),
        ("🙂f(‸)", item("🙂f(a)", 0, 0, 5), ("a)", 1)),
        ("re‸", item("return", 0, 0, 9), ("turn", 0)),
        ("re‸", item("yield", 0, 0, 2), None),
        ("re‸", item("re", 0, 0, 2), None),
        ("a\nre‸", item("turn", 0, 1, 1), None),
        ("re‸", {"insertText": {"kind": "snippet", "value": "x"}}, None),
    ],
)
def test_ghost_text_is_what_an_editor_would_draw(
    marked: str, answer: dict[str, Any], ghost: tuple[str, int] | None
) -> None:
    found = buffer_of(marked).ghost(answer)
    assert (found and (found.text, found.replaces)) == ghost


@pytest.mark.parametrize(
    ("text", "rest", "taken"),
    [
        ("return x", "return x\n", 8),
        ("return x\n    y = 1", "return x\nz", 8),
        ("return x", "return xs", 0),
        ("return x", "raise", 0),
        ("x)", "x)", 0),
        ("():", "():\n", 0),
        ("elf.x", "elf.x\n", 5),
        (" = value", " = value", 8),
    ],
)
def test_typist_takes_what_is_right_and_worth_a_key(text: str, rest: str, taken: int) -> None:
    assert worth_taking(Ghost(text, 0, None), rest) == taken


def test_enter_brings_the_indentation() -> None:
    assert next_key("\n        return") == "\n        "
    assert next_key("\r\n\tx") == "\r\n\t"
    assert next_key("xy") == "x"


class Oracle:
    """An editor whose ghost text is right after every space."""

    def __init__(self, text: str) -> None:
        self.text, self.typed, self.accepted = text, "", 0

    async def type(self, text: str) -> Seen:
        self.typed += text
        rest = self.text[len(self.typed) :]
        return Seen(Ghost(rest.partition("\n")[0], 0, None) if self.typed.endswith(" ") else None, 0.0)

    async def accept(self, ghost: Ghost, length: int) -> Seen:
        self.accepted += 1
        return await self.type(ghost.text[:length])


async def test_typist_writes_the_text_whatever_is_offered() -> None:
    text = "def f(a, b):\n    return a + b\n"
    oracle = Oracle(text)
    await type_out(oracle, text, Seen(None, 0.0))
    assert (oracle.typed, oracle.accepted) == (text, 2)
