"""Vim with ALE, which completes through 'omnifunc'. The real editor on a screen and the real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editors_found import VIM
from tests.other_editors import accepted, asking, documented, home
from tests.provider import Provider, provider
from tests.terminal import terminal

pytestmark = pytest.mark.timeout(300)
SHARE = VIM.parent.parent / "share"
INIT = """
set nocompatible noswapfile nomore runtimepath={runtime},{ale} viminfo=
filetype plugin on
"""


@pytest.fixture(scope="module")
def fake() -> Iterator[Provider]:
    with provider() as running:
        yield running


def test_the_suggestion_is_an_entry_of_omni_completion(fake: Provider, tmp_path: Path) -> None:
    fake.answers("um_of_values")
    variables, file, init = {**home(tmp_path), **asking(fake)}, tmp_path / "project" / "sum.py", tmp_path / "vimrc"
    runtime = next((SHARE / "vim").glob("vim[0-9]*"))
    init.write_text(INIT.format(runtime=runtime, ale=SHARE / "vim-ale") + documented("Vim", "vim"))
    file.write_text("x = 1\n")
    variables["VIMRUNTIME"] = str(runtime)
    with terminal([VIM, "-u", init, file], variables, file.parent) as shown:
        shown.until_seen("x = 1")
        shown.keys("o")
        shown.until_seen("INSERT")
        shown.type("total = s", after="")
        shown.until_seen("sum_of_values", keys="\x18\x0f")  # C-x C-o
        shown.keys("\x19\x1b:w\r")  # C-y takes the entry
        shown.until_saved(file, "x = 1\ntotal = sum_of_values\n")
        shown.until(lambda: accepted(variables) == 1, "the acceptance in the usage")
