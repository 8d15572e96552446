"""Each source finds what it is for, and says where it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from context.around import around
from context.desk import Desk
from context.edits import EditLog
from context.found import Found
from context.gather import SOURCES, Source
from context.grammars import language_of
from context.index import Index
from context.privacy import Gate
from context.snapshot import Cursor, Snapshot
from context.syntax import Trees
from context.windows import windows
from tests.fake_clock import FakeClock

BOAT = '''class Boat(Vessel):
    """Floats."""

    def steer(self, course: int) -> None: ...

    def anchor_here(self) -> None: ...
'''


def snap(root: Path, name: str, text: str, version: int = 1) -> Snapshot:
    return Snapshot((root / name).as_uri(), root / name, language_of(name), version, text)


def check(
    root: Path,
    source: str,
    text: str,
    *,
    files: dict[str, str] | None = None,
    tabs: dict[str, str] | None = None,
    edits: EditLog | None = None,
    changed: Sequence[str] = (),
    here: str = "main.py",
) -> list[Found]:
    """What one source finds at the mark in the file `here`, with files in the index and tabs open."""
    gate = Gate([root])
    index = Index(root.parent / "store", [root], gate)
    for name, content in (files or {}).items():
        index.put(root / name, content)
    index.note_changed([root / name for name in changed])
    offset = text.index("‸")
    document = snap(root, here, text.replace("‸", ""))
    others = tuple(snap(root, name, content) for name, content in (tabs or {}).items())
    desk = Desk((root,), (document, *others), edits or EditLog(), gate, Trees(), index, FakeClock())
    cursor = Cursor(document, offset)
    look: Source = dict(SOURCES)[source]
    return list(look(cursor, desk, around(cursor, windows(cursor, 400, 200))))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "work"


def test_own_file_is_what_the_windows_do_not_show(root: Path) -> None:
    body = "".join(f"value_{n} = {n}\n" for n in range(100))
    text = f"import boats\n{body}\n{body}def last(): ...\n"
    imports, *blocks = check(root, "own file", f"import boats\n{body}‸\n{body}def last(): ...\n")
    assert (imports.source, imports.first, imports.text) == ("own import", 0, "import boats\n")
    assert blocks[0].text.startswith("import boats\n") and blocks[-1].text.rstrip().endswith("def last(): ...")
    lines = text.split("\n")
    for block in blocks:
        rows = block.text.rstrip("\n").split("\n")
        assert rows == lines[block.first : block.first + len(rows)]
    shown = {row for block in blocks for row in range(block.first, block.first + block.text.count("\n"))}
    assert not shown & {99, 100, 101, 102} and {0, 60, 160, 201} <= shown


def test_blocks_of_the_own_file_stay_the_same_when_the_window_moves(root: Path) -> None:
    body = "".join(f"value_{n} = {n}\n" for n in range(300))
    before = check(root, "own file", f"{body}‸\n")
    after = check(root, "own file", f"{body}{body[:200]}‸\n")
    assert len({one.text for one in before} & {one.text for one in after}) >= len(before) - 1


def test_imports_of_several_lines_are_whole(root: Path) -> None:
    head = "from a import (\n    b,\n    c,\n)\nimport d\n"
    found = check(root, "own file", head + "x = 1\n" * 200 + "‸\n")
    assert [one.text for one in found if one.source == "own import"] == [
        "from a import (\n    b,\n    c,\n)\n",
        "import d\n",
    ]


def test_a_short_file_has_nothing_outside_the_windows(root: Path) -> None:
    assert check(root, "own file", "a = 1\n‸\nb = 2\n") == []


def test_similar_code_is_found_elsewhere_but_not_in_the_own_file(root: Path) -> None:
    files = {"boats.py": BOAT, "main.py": BOAT, "kitchen/other.py": "def cook(meal):\n    pass\n"}
    found = check(root, "similar code", "boat = Boat()\nboat.steer(3)\n‸\n", files=files)
    assert {one.path for one in found} == {root / "boats.py"}


@pytest.mark.parametrize(("name", "files"), [("main.py", {"boats.py"}), ("README.md", {"boats.py", "CHANGES.md"})])
def test_what_is_said_of_code_is_not_shown_as_code(root: Path, name: str, files: set[str]) -> None:
    told = {"boats.py": BOAT, "CHANGES.md": "# Changes\n\nA boat can steer a course, and anchor here.\n"}
    found = check(root, "similar code", "boat = Boat()\nboat.steer(3)\n‸\n", files=told, here=name)
    assert {one.path.name for one in found if one.path is not None} == files


def test_open_files_rank_by_shared_names(root: Path) -> None:
    tabs = {"boats.py": BOAT, "kitchen.py": "meal = cook()\nboat = 1\n", "empty.py": "x\n"}
    found = check(root, "open files", "boat = Boat()\nboat.steer(course)\n‸\n", tabs=tabs)
    assert [one.path for one in found] == [root / "boats.py", root / "kitchen.py"]


def test_definitions_are_signatures_and_members_of_types(root: Path) -> None:
    found = check(root, "definitions", "boat = Boat()\n‸\n", files={"boats.py": BOAT})
    assert [(one.source, one.text.strip()) for one in found] == [
        ("definition", "class Boat(Vessel):"),
        ("member", "def steer(self, course: int) -> None:"),
        ("member", "def anchor_here(self) -> None:"),
    ]
    assert all(BOAT.split("\n")[one.first].startswith(one.text.rstrip()) for one in found)


def test_a_name_defined_in_many_places_says_nothing(root: Path) -> None:
    files = {f"m{number}.py": "def run(job): ...\n" for number in range(9)}
    assert check(root, "definitions", "run(1)\n‸\n", files=files) == []


@pytest.mark.parametrize("name", ["test_main.py", "main_test.py", "tests/test_main.py", "src/Main.java"])
def test_the_other_half_of_a_pair_is_found(root: Path, name: str) -> None:
    found = check(root, "siblings", "x = 1\n‸\n", files={name: "class Boat {}\n", "other.py": "y = 2\n"})
    assert {one.path for one in found} == {root / name}


def test_recent_edits_in_other_files_are_found_newest_first(root: Path) -> None:
    edits = EditLog()
    for name in ("a.py", "b.py", "main.py"):
        edits.see(snap(root, name, "first = 1\n" * 20))
        edits.see(snap(root, name, "first = 1\n" * 20 + f"added_in_{name[0]} = 2\n", 2))
    found = sorted(check(root, "recent edits", "x\n‸\n", edits=edits), key=lambda one: -one.score)
    assert [one.text for one in found] == ["added_in_b = 2\n", "added_in_a = 2\n"]


def test_lines_removed_from_the_cursors_file_are_found(root: Path) -> None:
    edits = EditLog()
    edits.see(snap(root, "main.py", "keep = 1\nhull = make_hull(old_size)\nkeep = 2\n"))
    edits.see(snap(root, "main.py", "keep = 1\n\nkeep = 2\n", 2))
    found = check(root, "recent edits", "keep = 1\n‸\nkeep = 2\n", edits=edits)
    assert [(one.text, one.former) for one in found] == [("hull = make_hull(old_size)\n", True)]


def test_a_line_that_was_only_moved_is_not_removed(root: Path) -> None:
    edits = EditLog()
    edits.see(snap(root, "main.py", "one()\ntwo()\n"))
    edits.see(snap(root, "main.py", "two()\none()\n", 2))
    assert check(root, "recent edits", "two()\none()\n‸", edits=edits) == []


def test_files_that_git_says_are_worked_on_are_found_unless_they_are_open(root: Path) -> None:
    files = dict.fromkeys(("boats.py", "ships.py", "tab.py", "quiet.py", "main.py"), BOAT)
    text, changed = "boat = Boat()\nboat.steer(course)\n‸\n", ["main.py", "ships.py", "tab.py", "boats.py"]
    found = check(root, "changed files", text, files=files, tabs={"tab.py": BOAT}, changed=changed)
    assert [one.path for one in found] == [root / "ships.py", root / "boats.py"]
