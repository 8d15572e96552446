"""The index: finds what is there, forgets what is gone, keeps no secret, and survives a broken or locked store."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from context.analysis import words
from context.index import Index
from context.index_store import connect
from context.privacy import MASK, Gate
from tests.fake_clock import FakeClock
from tests.test_masking import token

SHAPES = '''"""Shapes."""
from math import pi


class Circle:
    """A round thing.

    More."""

    sides = 0

    def __init__(self, radius: float) -> None:
        self.radius = radius

    def area(self) -> float:
        """How much it covers."""
        return pi * self.radius ** 2


def unit_circle() -> Circle:
    return Circle(1.0)
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def filled(root: Path, **files: str) -> Index:
    index = Index(root.parent / "store", [root], Gate([root]))
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_py", ".py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        index.put(path, text)
    return index


def test_definitions_have_signatures_docs_and_owners(root: Path) -> None:
    index = filled(root, shapes_py=SHAPES)
    (area,) = index.defined("area")
    assert area.path == root / "shapes.py"
    definition = area.definition
    assert (definition.signature, definition.doc, definition.owner) == (
        "def area(self) -> float:",
        "How much it covers.",
        "Circle",
    )
    assert SHAPES.split("\n")[definition.first].strip().startswith("def area")
    assert [member.definition.name for member in index.members("Circle")] == ["sides", "__init__", "radius", "area"]
    assert index.imports(root / "shapes.py") == ["from math import pi"]


def test_similar_code_is_found_by_parts_of_names(root: Path) -> None:
    index = filled(
        root, shapes_py=SHAPES, other_py="def read_settings(path):\n    return parse(path)\n", third_py="x = 1\ny = 2\n"
    )
    best = index.similar(words("CircleRadius unitArea"))
    assert best and all(found.path.name == "shapes.py" for found in best) and best[0].score > 0
    assert [found.path.name for found in index.similar(words("settings"))] == ["other.py"]
    assert index.similar(words("nowhere")) == index.similar([]) == []


def test_a_file_put_again_replaces_itself(root: Path) -> None:
    index = filled(root, shapes_py=SHAPES)
    assert not index.put(root / "shapes.py", SHAPES)
    assert index.put(root / "shapes.py", "def hexagon(): ...\n")
    assert index.similar(words("circle")) == [] and index.defined("area") == []
    assert [found.path.name for found in index.similar(words("hexagon"))] == ["shapes.py"]


def test_a_forgotten_file_leaves_nothing(root: Path) -> None:
    index = filled(root, shapes_py=SHAPES, other_py="z = 3\n")
    assert index.forget(root / "shapes.py") and not index.forget(root / "shapes.py")
    assert (
        index.similar(words("circle")) == []
        and index.defined("Circle") == []
        and index.paths() == [str(root / "other.py")]
    )


def test_no_secret_is_stored(root: Path) -> None:
    secret = token("ghp_{A36}", 5)
    index = filled(root, shapes_py=SHAPES + f"KEY = '{secret}'\n")
    index.close()
    assert not any(secret.encode() in file.read_bytes() for file in index.file.parent.iterdir())
    assert MASK in filled(root).stretches(root / "shapes.py")[-1].text


def test_what_may_not_be_shown_is_not_taken_in(root: Path) -> None:
    (root / ".gitignore").write_text("local/\n")
    assert filled(root, local__a_py=SHAPES).paths() == []


def test_the_store_is_private(root: Path) -> None:
    index = filled(root, shapes_py=SHAPES)
    assert {file.stat().st_mode & 0o077 for file in [index.file.parent, *index.file.parent.iterdir()]} == {0}


@pytest.mark.parametrize(
    "content",
    [b"not a database, but long enough to be taken for one" * 100, b"SQLite format 3\0" + b"\xff" * 5000, b""],
)
def test_a_broken_store_is_built_anew(root: Path, content: bytes) -> None:
    index = filled(root, shapes_py=SHAPES)
    index.close()
    index.file.write_bytes(content)
    again = filled(root)
    assert again.defined("area") == []
    assert filled(root, shapes_py=SHAPES).defined("area")


def test_a_store_of_another_version_is_built_anew(root: Path) -> None:
    index = filled(root, shapes_py=SHAPES)
    index.close()
    with sqlite3.connect(index.file) as store:
        store.execute("PRAGMA user_version = 999")
    assert filled(root).paths() == []


def test_a_store_locked_by_another_process_costs_an_answer_not_an_error(root: Path) -> None:
    index = filled(root, shapes_py=SHAPES)
    other = connect(index.file)
    other.execute("BEGIN IMMEDIATE")
    assert index.put(root / "b.py", "b = 1\n") is False
    assert index.defined("area")
    other.execute("ROLLBACK")
    assert index.put(root / "b.py", "b = 1\n") is True


def test_who_asks_does_not_wait_for_who_writes(root: Path) -> None:
    index = filled(root, shapes_py=SHAPES)
    writer = connect(index.file)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM definitions")
    assert index.defined("area"), "an answer from before the transaction"
    writer.execute("COMMIT")
    writer.close()
    assert not index.defined("area")


def test_a_store_that_cannot_be_written_is_an_empty_answer(root: Path) -> None:
    (root.parent / "file").touch()
    index = Index(root.parent / "file" / "store", [root], Gate([root]))
    assert index.put(root / "a.py", SHAPES) is False and index.defined("area") == [] and index.similar(["circle"]) == []


def test_a_question_that_takes_too_long_is_given_up_and_nothing_is_thrown_away(root: Path) -> None:
    clock = FakeClock()
    index = filled(root, **{f"m{number}_py": SHAPES + f"# {number}\n" for number in range(60)})
    slow = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT sum(i) FROM n"
    index.until(clock, 1.0)
    assert index._ask(slow)
    clock.pass_by(2.0)
    assert index._ask(slow) == []
    index.until(clock, 3.0)
    assert len(index.paths()) == 60 and not index.lost


def test_files_that_are_worked_on_are_told_newest_first_as_far_as_they_are_known(root: Path) -> None:
    index = filled(root, a_py=SHAPES, b_py=SHAPES + "b = 1\n")
    index.note_changed([root / "b.py", root / "unknown.py", root / "a.py"])
    assert index.lately_changed() == [root / "b.py", root / "a.py"]
    index.note_changed([root / "a.py"])
    assert index.lately_changed() == [root / "a.py"]
