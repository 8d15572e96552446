"""Helix, which knows no ghost text: the suggestion is an entry of its completion menu. The real editor and the real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editors_found import HELIX
from tests.other_editors import accepted, documented, home, provided
from tests.provider import Provider, provider
from tests.terminal import Terminal, terminal

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def fake() -> Iterator[Provider]:
    with provider() as running:
        yield running


@pytest.fixture
def editor(fake: Provider, tmp_path: Path) -> Iterator[tuple[Terminal, Path, dict[str, str]]]:
    variables, file = home(tmp_path), tmp_path / "project" / "sum.py"
    config = tmp_path / "home" / "helix" / "languages.toml"
    config.parent.mkdir()
    config.write_text(provided(documented("Helix", "toml"), fake))
    file.write_text("x = 1\n")
    variables["HELIX_RUNTIME"] = str(HELIX.parent / "runtime")
    with terminal([HELIX, file], variables, file.parent) as shown:
        shown.until_seen("x = 1")
        yield shown, file, variables


def test_the_suggestion_is_an_entry_of_the_menu(editor: tuple[Terminal, Path, dict[str, str]], fake: Provider) -> None:
    shown, file, variables = editor
    fake.answers("um(", "values)")
    shown.keys("o")
    shown.until_seen("INS")
    shown.type("total = s", after="")
    shown.until_seen("sum(values)", keys="\x18")  # Control-x asks for the menu
    shown.keys("\t\r\x1b")
    shown.until_seen("total = sum(values)")
    shown.keys(":w\r")
    shown.until_saved(file, "x = 1\ntotal = sum(values)\n")
    shown.keys(":q\r")
    shown.until(lambda: accepted(variables) == 1, "the acceptance in the usage")
