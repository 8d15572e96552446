"""Ignore rules decide in bounded time whatever they say, mean what git means, and close where they are not understood."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from context.ignore_patterns import LONGEST, spec
from context.privacy import Gate
from lsp_server.resolve import resolve
from tests.processor import seconds

LONG_PATH = "/".join(["a" * 100] * 40)
TRAPS = {
    "stars in one name": ("*a" * 25 + "b", "a" * 120 + ".py"),
    "stars in every folder": ("/".join(["*a*a*a"] * 30) + "/b", LONG_PATH),
    "folders at any depth": ("**/a/" * 100 + "b", "a/" * 2_000),
    "folders at any depth below one": ("a/**/" * 50 + "b", "a/" * 2_000),
    "both": ("**/*a*a/" * 30 + "b", LONG_PATH),
    "classes": ("*[!x]" * 100 + "b", "a" * 255),
    "signs": ("*?" * 100 + "b", "a" * 255),
    "runs of stars": ("*" * 300 + "b", "a" * 255),
}
PIECES = st.sampled_from(["a", "b", "*", "?", "[ab]", "/", "**/", "/**/", "/**"])


@pytest.mark.parametrize(("rule", "path"), TRAPS.values(), ids=TRAPS.keys())
def test_no_rule_is_guessed_at_for_long(rule: str, path: str) -> None:
    """A step for each rule, character and place is 4 million at most; guessing would take more than 10 to the 20."""
    rules = spec([rule])
    assert not rules.match_file(path)
    assert seconds(lambda: rules.match_file(path)) < 5


@pytest.mark.parametrize("name", [".aiignore", ".gitignore"])
def test_a_trap_in_a_rule_file_does_not_hold_the_gate(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("*a" * 25 + "b\nsecret*of*me\n")
    gate = Gate([tmp_path], exclude=["*a" * 25 + "b"])
    assert gate.refusal(tmp_path / ("a" * 120 + ".py"), cross_file=True) is None
    assert gate.refusal(tmp_path / "secret_of_me", cross_file=True) is not None


@settings(deadline=None, max_examples=400)
@given(st.lists(PIECES, min_size=1, max_size=8).map("".join), st.text("ab/", min_size=1, max_size=12))
def test_a_rule_means_what_it_meant(rule: str, path: str) -> None:
    path = "/".join(part for part in path.split("/") if part) or "a"
    try:
        plain = GitIgnoreSpec.from_lines(["b", rule], backend="simple")
    except ValueError:
        return
    found = spec(["b", rule])
    for each in (path, f"{path}/"):
        assert found.check_file(each) == plain.check_file(each)


def test_a_class_matches_no_slash() -> None:
    assert not spec(["/a[!x]b"]).match_file("a/b") and spec(["/a[!x]b"]).match_file("ayb")


@pytest.mark.parametrize("name", [".aiignore", ".gitignore"])
def test_a_rule_too_long_to_be_understood_closes_its_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("a" * (LONGEST + 1) + "\n")
    assert "cannot be read" in (Gate([tmp_path]).refusal(tmp_path / "x.py", cross_file=True) or "")
    (tmp_path / name).write_text("#" * (LONGEST + 1) + "\n")
    assert Gate([tmp_path]).refusal(tmp_path / "x.py", cross_file=True) is None


def test_an_entry_of_exclude_that_is_not_understood_closes_everything(tmp_path: Path) -> None:
    assert Gate([tmp_path], exclude=["a" * (LONGEST + 1)]).refusal(tmp_path / "x.py") is not None


def test_an_entry_of_exclude_that_is_not_understood_keeps_all_at_home() -> None:
    resolved = resolve({"exclude": ("a" * (LONGEST + 1),)})
    assert resolved.settings.local_only and "1000 characters" in str(resolved.problems[0])
