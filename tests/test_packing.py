"""What is chosen from what was found: the most new names for the tokens, nothing twice, nothing without use."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from context.budget import Budget
from context.found import Found
from context.packing import GAP, HEADER, pack

CHANCES = {"alpha": 0.5, "beta": 0.4, "gamma": 0.3, "delta": 0.0001}


def found(text: str, path: str = "/w/a.py", first: int = 0) -> Found:
    return Found("similar", Path(path), "", first, text, 1.0, lines=1)


def check(*finds: Found, tokens: int = 100) -> tuple[dict[str, str], dict[str, str]]:
    """Shown text for each file, and the reasons for the pieces that are left out."""
    packed, choice = pack(finds, CHANCES, Budget(tokens, prefix_share=0, suffix_share=0), lambda one: one.place)
    shown = {one.place: one.text for one in packed}
    return shown, {piece.text.strip(): piece.reason for piece in choice.pieces() if piece.reason}


def test_a_name_is_shown_once() -> None:
    shown, reasons = check(found("alpha\n"), found("x = alpha + beta\n", "/w/b.py"), found("alpha()\n", "/w/c.py"))
    assert list(shown.values()) == ["alpha\n"] or "beta" in "".join(shown.values())
    assert "says nothing new" in reasons.values()


def test_lines_of_a_file_stand_in_order_with_a_mark_for_what_is_left_out() -> None:
    shown, _ = check(found("def f():\n    beta\n    nothing\n    more\n    alpha\n"))
    assert shown == {"/w/a.py": f"    beta\n{GAP}    alpha\n"}


def test_nothing_is_shown_where_nothing_helps() -> None:
    assert check(found("delta\n"), found("unknown\n")) == ({}, {})


def test_the_budget_is_kept_and_the_best_is_taken() -> None:
    long = "alpha  " + "#" * 80 + "\n"
    shown, reasons = check(found(long), found("beta\n", "/w/b.py"), found("gamma\n", "/w/c.py"), tokens=20)
    assert "over the budget" in reasons.values() and "/w/b.py" in shown


def test_the_same_lines_found_twice_count_once() -> None:
    _, choice = pack([found("alpha\n"), found("alpha\n")], CHANCES, Budget(100), lambda one: one.place)
    assert len(choice.pieces()) == 1


def test_the_file_that_helps_most_stands_last() -> None:
    shown, _ = check(found("alpha\nbeta\n"), found("gamma\n", "/w/z.py"))
    assert list(shown) == ["/w/z.py", "/w/a.py"]


def test_lines_of_data_are_not_shown() -> None:
    assert check(found("alpha = '" + "x" * 300 + "'\n"))[0] == {}


def test_a_blank_line_is_no_gap() -> None:
    shown, _ = check(found("alpha\n\n\nbeta\ngamma\n"))
    assert shown == {"/w/a.py": "alpha\n\nbeta\ngamma\n"}


def test_paths_and_marks_count() -> None:
    """Two short files cost two paths: the second does not fit where its line alone would."""
    finds = [found("alpha\n", "/w/a.py"), found("beta\n", "/w/b.py")]
    assert list(check(*finds, tokens=8)[0]) == ["/w/a.py"] and len(check(*finds, tokens=16)[0]) == 2


def test_at_each_step_the_piece_is_taken_that_brings_most_for_its_length() -> None:
    chance = random.Random(1)
    names = [f"name{number}" for number in range(40)]
    chances = {name: chance.random() ** 3 for name in names}
    lines = [" ".join(chance.sample(names, chance.randint(1, 6))) + "\n" for _ in range(60)]
    finds = [found(line, "/w/a.py", 2 * row) for row, line in enumerate(lines)]
    packed, _ = pack(finds, chances, Budget(60, prefix_share=0, suffix_share=0), lambda one: one.place)
    room, shown, covered = Budget(60, prefix_share=0, suffix_share=0).excerpt_chars, set[int](), set[str]()
    while True:
        costs = {row: len(line) + (len(GAP) if shown else len("/w/a.py") + HEADER) for row, line in enumerate(lines)}
        rates = {
            row: sum(chances[name] for name in set(lines[row].split()) - covered) / cost
            for row, cost in costs.items()
            if row not in shown and cost <= room
        }
        if not rates:
            break
        best = max(rates, key=lambda row: rates[row])
        shown.add(best)
        covered.update(lines[best].split())
        room -= costs[best]
    assert {piece.first // 2 for piece in packed[0].pieces} == shown


def test_which_of_two_equals_is_taken_does_not_hang_on_the_order_of_a_set() -> None:
    """0.1 + 0.2 + 0.3 and 0.3 + 0.2 + 0.1 differ in the last bit; the order of a set of names is another one in each process."""
    for trial in range(20):
        rows = [f"one{trial}{row} two{trial}{row} six{trial}{row}\n" for row in range(10, 40)]
        chances = {name: chance for row in rows for name, chance in zip(row.split(), (0.1, 0.2, 0.3), strict=True)}
        finds = [found(row, "/w/a.py", 2 * number) for number, row in enumerate(rows)]
        packed, _ = pack(finds, chances, Budget(12, prefix_share=0, suffix_share=0), lambda one: one.place)
        assert [one.text for one in packed] == rows[:1]


def test_a_line_is_shown_without_the_next_unless_its_statement_goes_on() -> None:
    first, _ = check(replace(found("x = alpha\nplain = nothing\n"), lines=2))
    assert first == {"/w/a.py": "x = alpha\n"}
    second, _ = check(replace(found("x = alpha(\n    nothing)\nplain = nothing\n"), lines=2))
    assert second == {"/w/a.py": "x = alpha(\n    nothing)\n"}
