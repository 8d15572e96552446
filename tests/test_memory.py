"""What was found is found again within a line, and looked for anew when anything else has changed."""

from __future__ import annotations

from context.budget import Budget
from context.memory import MOST, Finds, Memory
from context.packing import Choice
from context.snapshot import Cursor, Snapshot

BUDGET = Budget(100)
NOTHING: Finds = ([], Choice((), {}, lambda one: one.name), [])


def cursor(text: str, uri: str = "file:///a", version: int = 1) -> Cursor:
    offset = text.index("‸")
    return Cursor(Snapshot(uri, None, "", version, text.replace("‸", "")), offset)


def check(
    first: str,
    second: str,
    *,
    others: tuple[Snapshot, ...] = (),
    later: tuple[Snapshot, ...] = (),
    budget: Budget = BUDGET,
) -> bool:
    memory = Memory()
    memory.keep(cursor(first), others, BUDGET, NOTHING)
    return memory.recall(cursor(second), later, budget) is not None


def test_typing_in_a_line_keeps_what_was_found() -> None:
    assert check("a\n‸\nb\n", "a\nxyz‸\nb\n") and check("a\n‸", "a\nx‸") and check("‸", "xy‸")


def test_another_line_is_another_question() -> None:
    assert not check("a\n‸\nb\n", "a\nx\n‸\nb\n")
    assert not check("a\n‸\nb\n", "A\n‸\nb\n")
    assert not check("a\n‸\nb\n", "a\n‸\nB\n")


def test_a_change_elsewhere_is_another_question() -> None:
    other = Snapshot("file:///b", None, "", 1, "x")
    newer = Snapshot("file:///b", None, "", 2, "y")
    assert check("‸", "x‸", others=(other,), later=(other,))
    assert not check("‸", "x‸", others=(other,), later=(newer,))
    assert not check("‸", "x‸", budget=Budget(200))


def test_the_oldest_is_forgotten() -> None:
    memory = Memory()
    for number in range(MOST + 1):
        memory.keep(cursor("‸", f"file:///{number}"), (), BUDGET, NOTHING)
    assert memory.recall(cursor("‸", "file:///0"), (), BUDGET) is None
    assert memory.recall(cursor("‸", f"file:///{MOST}"), (), BUDGET) is not None
