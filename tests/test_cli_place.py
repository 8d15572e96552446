"""FILE:LINE:COL as an editor shows it becomes the right cursor, or a sentence on what is wrong."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pytest

from editors.headless.exits import Exit, Stop
from editors.headless.place import Place, root_of
from tests.shell import new_user, run


def check(folder: Path, text: str, line: int, column: int, before: str) -> None:
    file = folder / "sample.py"
    file.write_bytes(text.encode())
    cursor = Place.parse(f"{file}:{line}:{column}").cursor()
    assert cursor.prefix == before
    assert cursor.snapshot.language == "python"


def test_both_count_from_one(tmp_path: Path) -> None:
    check(tmp_path, "ab\ncd\n", 1, 1, "")
    check(tmp_path, "ab\ncd\n", 2, 2, "ab\nc")
    check(tmp_path, "ab\ncd\n", 2, 3, "ab\ncd")
    check(tmp_path, "ab\ncd\n", 3, 1, "ab\ncd\n")


def test_columns_are_characters(tmp_path: Path) -> None:
    check(tmp_path, "é🙂x", 1, 3, "é🙂")


def test_lines_end_as_in_the_protocol(tmp_path: Path) -> None:
    check(tmp_path, "a\r\nb\rc\x0cd\u2028e", 3, 4, "a\r\nb\rc\x0cd")


def test_byte_order_mark_is_no_character(tmp_path: Path) -> None:
    check(tmp_path, "\ufeffab", 1, 2, "a")


@pytest.mark.parametrize(
    "text", ["x.py", "x.py:3", "x.py:0:1", "x.py:1:0", "x.py:-1:2", "x.py:1:b", ":1:1", "x.py:1:1:", "x.py:١:1"]
)
def test_what_is_no_place_is_a_usage_error(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="FILE:LINE:COL"):
        Place.parse(text)


def test_name_may_hold_colons() -> None:
    assert Place.parse("C:/a:b.py:3:4") == Place(Path("C:/a:b.py"), 3, 4)


@pytest.mark.parametrize(
    ("place", "words"),
    [("4:1", "has 3 lines, and no line 4"), ("1:4", "has columns 1 to 3, and no column 4")],
)
def test_place_beyond_the_text_is_named(tmp_path: Path, place: str, words: str) -> None:
    file = tmp_path / "x.py"
    file.write_text("ab\ncd\n")
    with pytest.raises(Stop, match=words) as stop:
        Place.parse(f"{file}:{place}").cursor()
    assert stop.value.code is Exit.USAGE


def test_file_that_cannot_be_text_is_named(tmp_path: Path) -> None:
    def check(path: Path, words: str) -> None:
        with pytest.raises(Stop, match=words) as stop:
            Place(path, 1, 1).cursor()
        assert stop.value.code is Exit.USAGE

    check(tmp_path / "none.py", "No such file")
    check(tmp_path, "not a file")
    (tmp_path / "latin.py").write_bytes(b"caf\xe9")
    check(tmp_path / "latin.py", "not UTF-8")
    os.mkfifo(tmp_path / "pipe.py")
    check(tmp_path / "pipe.py", "not a file")
    (tmp_path / "loop.py").symlink_to(tmp_path / "loop.py")
    check(tmp_path / "loop.py", "cannot be read")


def test_project_is_the_nearest_folder_with_a_mark(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "go.mod").touch()
    (tmp_path / ".infill.toml").touch()
    assert root_of(tmp_path / "a" / "b" / "x.go") == tmp_path / "a"
    assert root_of(tmp_path / "x.go") == tmp_path


def test_a_link_is_judged_where_it_lies_and_where_it_leads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new_user(tmp_path, monkeypatch)
    (tmp_path / "outside.py").write_text("canary = 1\n")
    Path("inside.py").symlink_to(tmp_path / "outside.py")
    for command in (("complete", "inside.py:1:1"), ("why", "inside.py:1:1"), ("act", "explain", "inside.py:1")):
        code, out, err = run(capsys, *command, "--backend", "openai", "--base-url", "http://127.0.0.1:9")
        assert "canary" not in out and "leads out of the workspace" in out + err, (command, code, out, err)
