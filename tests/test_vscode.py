"""The extension in a real VS Code, with the real server behind it and a provider on loopback behind that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.provider import Provider, provider
from tests.vscode import Code, code

INFILL = Path(sys.executable).parent / "infill"
pytestmark = pytest.mark.timeout(400)  # a page of an editor, on a machine that does much else
NAMES = (f"file{number}.py" for number in count())


@pytest.fixture(scope="module")
def fake() -> Iterator[Provider]:
    with provider() as running:
        yield running


@pytest.fixture(scope="module")
def window(fake: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Code]:
    settings = {
        "infill.server.path": str(INFILL),
        "infill.backend": "mistral",
        "infill.base_url": fake.url,
        "infill.prefetch": False,
    }
    with code(tmp_path_factory.mktemp("code"), settings, {"MISTRAL_API_KEY": "sk-test-of-vscode"}) as running:
        running.until_status("Infill: mistral")
        yield running


def test_ghost_text_comes_while_typing_and_tab_accepts_it(window: Code, fake: Provider) -> None:
    fake.answers("sum(values)")
    name = next(NAMES)
    window.open(name)
    window.type("total = ")
    window.until_ghost("sum(values)")
    window.press("Tab")
    window.until_saved(name, "x = 1\ntotal = sum(values)")


def test_a_word_a_line_and_the_rest_are_accepted_one_after_the_other(window: Code, fake: Provider) -> None:
    fake.answers("if values:\n        return max(values)\n    return None\n")
    name = next(NAMES)
    window.open(name)
    window.type("def top(values):")
    window.press("Enter")
    window.until_ghost("if values:\n        return max(values)\n    return None")
    window.press("Control+ArrowRight")
    window.until_ghost(" values:\n        return max(values)\n    return None")
    window.press("Alt+ArrowRight")
    window.until_ghost("        return max(values)\n    return None")  # the line's end is part of the line here
    window.press("Control+ArrowRight")  # where an indentation is missing, Tab indents
    window.until_ghost("return max(values)\n    return None")
    window.press("Tab")
    body = "    if values:\n        return max(values)\n    return None"
    window.until_saved(name, f"x = 1\ndef top(values):\n{body}")


def test_a_part_may_be_taken_and_the_rest_left(window: Code, fake: Provider) -> None:
    fake.answers("this and that")
    window.open(next(NAMES))
    window.type("part = ")
    window.until_ghost("this and that")
    window.press("Control+ArrowRight")
    window.until_ghost(" and that")
    fake.answers("")
    window.type(";")
    window.until_ghost("")


def test_typing_what_it_says_asks_the_provider_once(window: Code, fake: Provider) -> None:
    fake.answers("values[0]")
    window.open(next(NAMES))
    window.type("head = ")
    window.until_ghost("values[0]")
    asked = fake.asked
    window.type("value")
    window.until_ghost("s[0]")
    assert fake.asked == asked


def test_next_shows_another_one(window: Code, fake: Provider) -> None:
    fake.answers("min(values)")
    name = next(NAMES)
    window.open(name)
    window.type("edge = ")
    window.until_ghost("min(values)")
    fake.answers("max(values)")
    window.press("Alt+]")
    window.until_ghost("max(values)")
    window.press("Tab")
    window.until_saved(name, "x = 1\nedge = max(values)")


def test_escape_dismisses_and_asking_by_hand_brings_it_back(window: Code, fake: Provider) -> None:
    fake.answers("unwanted_name")
    window.open(next(NAMES))
    window.type("b = ")
    window.until_ghost("unwanted_name")
    window.press("Escape")
    window.until_ghost("")
    window.press("Alt+\\")
    window.until_ghost("unwanted_name")


def test_a_notebook_cell_is_completed_by_what_the_other_cells_say(window: Code, fake: Provider) -> None:
    fake.answers("mean(values)")
    code = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [{**code, "source": [text]} for text in ("x = 1", "def mean_of_the_last_cell(values):\n    pass")]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (window.folder / "cells.ipynb").write_text(json.dumps(notebook))
    window.do("open", "cells.ipynb")
    window.do("click", ".notebookOverlay .cell-editor-container .view-lines")
    window.press("Control+End")
    window.press("Enter")
    window.type("y = mean_of")
    window.until_ghost("mean(values)")
    assert b"def mean_of_the_last_cell(values):" in fake.last_body
    window.press("Tab")
    window.until_ghost("")


def test_what_another_tool_finds_wrong_reaches_the_model(window: Code, fake: Provider) -> None:
    fake.answers('"c": 2')
    window.open("broken.json", '{\n  "a": ,\n  "b": 1,\n')
    window.until_status(" 2")  # VS Code's own server for JSON has found both errors
    window.type("  ")
    window.until_ghost('"c": 2')
    assert b"Value expected" in fake.last_body


def test_the_menu_snoozes_and_wakes(window: Code, fake: Provider) -> None:
    fake.answers("sleepy")
    window.open(next(NAMES))
    window.do("click", ".statusbar-item:has-text('Infill')")
    assert window.choose("Snooze 10 minutes")
    window.until_status("Infill: paused")
    asked = fake.asked
    window.type("z = ")
    assert (window.ghost(), fake.asked) == ("", asked)
    window.command("Infill: Snooze for 10 Minutes")
    window.until_status("Infill: mistral")


def test_the_menu_switches_a_language_off_and_on(window: Code, fake: Provider) -> None:
    fake.answers("of_python")
    window.open(next(NAMES))
    window.do("click", ".statusbar-item:has-text('Infill')")
    assert window.choose("Switch off for python")
    window.until(
        lambda: "languages_off" in (window.folder.parent / "user/User/settings.json").read_text(), "the setting"
    )
    asked = fake.asked
    window.do("click", ".editor-instance .view-lines")
    window.press("Control+End")
    window.type("zebra = ")
    window.until_seen("zebra = ")
    window.do("click", ".statusbar-item:has-text('Infill')")
    assert window.choose("Switch on for python")
    assert (window.ghost(), fake.asked) == ("", asked)
    window.do("click", ".editor-instance .view-lines")
    window.press("Control+End")

    def typed_on() -> bool:
        """The server may not have heard yet, and VS Code does not ask twice at one place of one text."""
        window.press("Enter")
        window.type("yak = ")
        return bool(window.do("appears", ".ghost-text-decoration") == "yes")

    window.until(typed_on, "ghost text, once it is on again")
    window.until_ghost("of_python")


def test_why_is_shown_beside(window: Code) -> None:
    window.open(next(NAMES))
    window.command("Infill: Why the Last Suggestion, or None")
    window.until(lambda: "would be asked, at" in window.everything(), "what would be asked")


def test_a_key_goes_from_the_secret_store_to_the_provider(window: Code, fake: Provider) -> None:
    window.open(next(NAMES))
    window.command("Infill: Set the Key of the Backend")
    window.until(lambda: "secret storage" in window.everything(), "the question for the key")
    window.type("sk-from-the-editor")
    before = window.servers()
    window.press("Enter")
    window.until(lambda: window.servers() and not window.servers() & before, "a new server")
    window.until_status("Infill: mistral")
    fake.answers("with_a_key")
    window.do("click", ".editor-instance .view-lines")
    window.press("Control+End")
    window.type("k = ")
    window.until_ghost("with_a_key")
    assert fake.last_authorization == "Bearer sk-from-the-editor"
    files = (path for path in window.folder.parent.rglob("*") if path.is_file())
    assert not [path for path in files if b"sk-from-the-editor" in path.read_bytes()]


def test_a_server_that_died_is_started_again(window: Code, fake: Provider) -> None:
    before = window.servers()
    for server in before:
        server.kill()
    window.until(lambda: window.servers() and not window.servers() & before, "a new server")
    fake.answers("alive_again")
    window.open(next(NAMES))
    window.until_status("Infill: mistral")
    window.type("g = ")
    window.until_ghost("alive_again")


def test_what_became_of_suggestions_is_in_the_usage(window: Code, fake: Provider) -> None:
    """Of everything above; the ledger is written when the server ends."""
    window.command("Infill: Restart the Server")
    window.until_status("Infill: mistral")
    home = str(window.folder.parent / "home")
    environment = {**os.environ, "HOME": home, "XDG_DATA_HOME": home}
    asked = [str(INFILL), "usage", "--json"]

    def day() -> dict[str, int]:
        done = subprocess.run(asked, capture_output=True, text=True, check=True, env=environment)
        days: list[dict[str, int]] = json.loads(done.stdout)
        return days[0] if days else {"accepted": 0, "partly": 0, "rejected": 0}

    def counted() -> bool:
        today = day()
        return today["accepted"] >= 3 and today["partly"] >= 1 and today["rejected"] >= 1

    window.until(counted, "what was accepted, accepted in part and rejected")
    window.until(lambda: " tokens, $" in str(window.do("text", "tooltips")), "tokens and cost in the tooltip")
