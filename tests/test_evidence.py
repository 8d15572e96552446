"""The chance that a name is needed: none for what is visible, more for what ranks high and looks like the cursor's names."""

from __future__ import annotations

from pathlib import Path

from context.around import Around, around
from context.evidence import chances
from context.found import Found
from context.snapshot import Cursor, Snapshot
from context.windows import windows


def at(text: str) -> Around:
    offset = text.index("‸")
    cursor = Cursor(Snapshot("file:///w/a.py", Path("/w/a.py"), "python", 1, text.replace("‸", "")), offset)
    return around(cursor, windows(cursor, 4000, 2000))


def check(text: str, *finds: tuple[str, str]) -> list[str]:
    """The names found (source, text), most likely first."""
    found = [Found(source, Path("/w/b.py"), "", 0, piece, 1 / (1 + rank)) for rank, (source, piece) in enumerate(finds)]
    got = chances(found, at(text))
    assert all(0 < chance < 1 for chance in got.values())
    return sorted(got, key=lambda name: -got[name])


def test_visible_names_have_no_chance() -> None:
    assert check("load(path)\n‸\n", ("similar", "load(path, mode)")) == ["mode"]


def test_a_higher_rank_means_a_higher_chance() -> None:
    got = check("x = 1\n‸\n", *[("similar", name) for name in ("first", "other", "third", "tenth")])
    assert got == ["first", "other", "third", "tenth"]


def test_a_name_that_shares_parts_with_the_surroundings_is_likelier() -> None:
    assert check("read_header()\n‸\n", ("similar", "parse_header write_output"))[0] == "parse_header"


def test_names_in_the_cursors_own_line_are_not_taken_for_visible() -> None:
    assert "total" in check("x = 1\ntotal = to‸\n", ("similar", "total"))


def test_the_surroundings_do_not_depend_on_the_cursors_line() -> None:
    assert at("a = 1\nb‸\nc = 2\n") == at("a = 1\nbcd = e‸f\nc = 2\n")


def test_what_follows_a_line_like_those_above_is_likelier() -> None:
    other = "plain = 1\n" * 9
    found = f"lonely(2)\n{other}boat = Boat(size)\nmoored(2)\n"
    got = check("boat = Boat(size)\n‸\n", ("similar", found))
    assert got.index("moored") < got.index("lonely")


def test_a_name_of_a_removed_line_is_likeliest() -> None:
    assert check("x = 1\n‸\n", ("similar", "first_one second_one"), ("removed", "former_one"))[0] == "former_one"
