"""What the editor's tools find wrong reaches the model: near the cursor, moved with its lines, without line numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from context.around import around
from context.desk import Desk
from context.documents import Documents
from context.edits import EditLog
from context.gather import Budget, explain
from context.notebook import joined
from context.privacy import Gate
from context.problems import LONGEST, MOST, Problem, Problems
from context.snapshot import Cursor, Snapshot
from context.sources import diagnostics
from context.syntax import Trees
from context.windows import windows
from tests.fake_clock import FakeClock
from tests.raw_client import RawClient
from tests.test_masking import token

URI = "file:///project/main.py"
HELD = "file:///project/a.py"
TEXT = "".join(f"line_{number} = {number}\n" for number in range(40))


def desk_of(text: str, *problems: Problem) -> tuple[Cursor, Desk]:
    here = Snapshot(URI, Path("/project/main.py"), "python", 1, text.replace("‸", ""))
    desk = Desk((Path("/work"),), (here,), EditLog(), Gate([Path("/work")]), Trees(), None, FakeClock())
    desk.problems.tell(URI, "editor", problems)
    return Cursor(here, text.index("‸")), desk


def check(text: str, *problems: Problem) -> list[str]:
    cursor, desk = desk_of(text, *problems)
    return [one.text for one in diagnostics.look(cursor, desk, around(cursor, windows(cursor, 400, 200)))]


def at(row: int, message: str, severity: int = 1) -> Problem:
    return Problem(row, row, severity, message)


def test_the_nearest_problems_are_told_with_their_line_errors_first() -> None:
    text = TEXT.replace("line_20", "‸line_20")
    problems = [
        at(5, "far above"),
        at(17, "unused", 2),
        at(21, "no such name"),
        at(22, "a hint", 4),
        at(30, "far below"),
    ]
    assert check(text, *problems) == [
        "error: no such name (in `line_21 = 21`)\n",
        "warning: unused (in `line_17 = 17`)\n",
    ]


def test_a_problem_without_its_line_any_more_is_told_all_the_same() -> None:
    assert check("a\n‸", at(5, "end of file expected")) == []
    assert check("a\n‸", at(2, "end of file expected")) == ["error: end of file expected\n"]


def test_a_problem_reaches_the_prompt() -> None:
    cursor, desk = desk_of(
        "boat = Boat()\nboat.stear()\n‸\n", at(1, 'Cannot access attribute "stear" for class "Boat"')
    )
    context, _ = explain(cursor, desk, Budget(2000), float("inf"))
    assert [excerpt.path for excerpt in context.excerpts] == ["diagnostics"]
    assert 'Cannot access attribute "stear"' in context.excerpts[0].text


def test_a_problem_in_a_cell_is_told_with_the_line_of_the_cell() -> None:
    cells = [Snapshot(f"cell:{n}", None, "python", 1, f"first_{n}\nsecond_{n}\n") for n in range(3)]
    _, plain = desk_of("‸")
    desk = Desk(*(plain.roots, (), plain.edits, plain.gate, plain.trees, None, plain.clock), notebooks=(tuple(cells),))
    desk.problems.tell("cell:2", "editor", [at(1, "wrong")])
    cursor = joined(Cursor(cells[2], 0), cells)
    found = list(diagnostics.look(cursor, desk, around(cursor, windows(cursor, 400, 200))))
    assert [one.text for one in found] == ["error: wrong (in `second_2`)\n"]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (("2:0", "2:0", "new\n"), [11]),
        (("2:0", "4:0", ""), [8]),
        (("10:3", "10:4", "x"), []),
        (("9:0", "11:0", ""), []),
        (("9:6", "9:6", "\n"), [11]),
        (("20:0", "21:0", ""), [10]),
        (("10:0", "10:0", "above\n"), []),
    ],
    ids=[
        "a line above",
        "lines removed above",
        "its own line",
        "it and more",
        "Enter at the end of the line above",
        "below",
        "at it",
    ],
)
def test_problems_move_with_their_lines_and_go_with_them(edit: tuple[str, str, str], expected: list[int]) -> None:
    from context.documents import Edit

    documents, problems = Documents(), Problems()
    documents.open(URI, "python", 1, TEXT, None)
    problems.tell(URI, "editor", [at(10, "wrong")])
    (first, start), (last, end) = (map(int, place.split(":")) for place in edit[:2])
    problems.edited(URI, documents.change(URI, 2, [Edit(first, start, last, end, edit[2])]))
    assert [one.first for one in problems.of(URI)] == expected


def test_each_teller_replaces_only_what_it_told_and_all_is_bounded() -> None:
    problems = Problems()
    problems.tell(URI, "editor", [at(1, "a " * LONGEST), at(2, ""), at(3, "hint", 3)])
    problems.tell(URI, "review", [at(row, "b") for row in range(2 * MOST)])
    assert [len(one.message) for one in problems.of(URI)][:1] == [LONGEST]
    assert len(problems.of(URI)) == 1 + MOST
    problems.tell(URI, "review", [])
    assert len(problems.of(URI)) == 1
    problems.forget(URI)
    assert problems.of(URI) == []


def test_the_message_is_read_leniently_and_answered_by_nothing() -> None:
    def lines(first: object, last: object) -> dict[str, object]:
        return {"start": {"line": first, "character": 0}, "end": {"line": last, "character": 1}}

    told = [
        {"range": lines(1, 2), "severity": 1, "message": "wrong", "source": "pyright"},
        {"range": lines(3, 3), "message": "no severity"},
        {"range": lines(4, 4), "severity": 1, "message": "ours", "source": "infill review"},
        *({"range": lines("1", 2), "message": "x"}, {"message": "x"}, {"range": lines(1, 2)}, {"range": None}),
    ]
    with RawClient() as client:
        client.open("a = 1\n" * 9)
        client.notify("infill/diagnostics", {"uri": HELD, "diagnostics": told})
        client.notify("infill/diagnostics", {"uri": "file:///not/open.py", "diagnostics": told})
        client.notify("infill/diagnostics", {"uri": 3})
        client.request("workspace/executeCommand", {"command": "infill.pauseIndexing"})
        client.request("workspace/executeCommand", {"command": "infill.resumeIndexing", "arguments": []})
        heard = client.heard()["heard"]
    assert [one for one in heard if one[0] in ("problems", "pause")] == [
        ["problems", HELD, "editor", [[1, 2, 1, "wrong"], [3, 3, 2, "no severity"]]],
        ["problems", HELD, "code action", []],
        ["pause", True],
        ["pause", False],
    ]


def test_a_secret_at_the_end_of_what_is_shown_of_a_message_is_masked_whole() -> None:
    secret = token("ghp_{A36}", 1)
    for before in range(250, 300):
        (told,) = check("x‸ = 1\n", at(0, f"{'m' * before} {secret}"))
        assert secret[:10] not in told and len(told) < 400
