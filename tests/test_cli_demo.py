"""`infill demo` plays on a fresh machine: the real server as a process, a real file, no key and no network."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from editors.headless import demo, passage
from editors.headless.buffer import Ghost
from editors.headless.exits import Exit, Stop
from editors.headless.screen import Screen
from tests.shell import Terminal, new_user, run


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return new_user(tmp_path, monkeypatch)


def shapes(count: int) -> str:
    return "".join(
        f"class Shape{number}:\n    def __init__(self, width: float, height: float) -> None:\n"
        f"        self.width = width\n        self.height = height\n\n"
        f"    def area(self) -> float:\n        return self.width * self.height * {number}\n\n\n"
        for number in range(count)
    )


def test_own_file_is_typed_with_suggestions(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "demo")
    assert (code, err) == (Exit.DONE, "")
    assert re.search(r"⟦.+⟧.*Tab, [\d-]+ ms", out)
    assert re.search(r"\d+ keys instead of \d+", out)
    assert "infill key set" in out
    assert "\x1b" not in out


def test_installation_that_a_project_ignores_is_typed_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A virtual environment lies in a project whose .gitignore names it."""
    Path(".gitignore").write_text(".venv/\n")
    monkeypatch.setattr(
        demo, "OWN", Path(shutil.copytree(demo.OWN.parent, Path.cwd() / ".venv" / "lsp_server")) / demo.OWN.name
    )
    code, out, _ = run(capsys, "demo")
    assert (code, "⟦" in out) == (Exit.DONE, True)


def test_file_of_the_user_is_typed_and_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    file = Path("shapes.py")
    file.write_text(shapes(8))
    stamp = file.stat()
    code, out, _ = run(capsys, "demo", ".")
    assert (code, "shapes.py" in out) == (Exit.DONE, True)
    assert (file.read_text(), file.stat().st_mtime_ns) == (shapes(8), stamp.st_mtime_ns)
    assert list(Path.cwd().iterdir()) == [Path.cwd() / ".git", Path.cwd() / "shapes.py"]


def test_backend_that_fails_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "demo", "--backend", "mistral", "--base-url", "http://127.0.0.1:9")
    assert code == Exit.BACKEND
    assert "No connection to http://127.0.0.1:9" in err
    assert "Traceback" not in out + err


def test_folder_without_program_text_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("notes.txt").write_text("nothing to complete\n" * 100)
    code, _, err = run(capsys, "demo", ".")
    assert (code, "holds no file of program text" in err) == (Exit.NOTHING, True)


def test_file_that_no_model_may_see_is_not_typed(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".env").write_text("KEY = value\n" * 40)
    code, out, err = run(capsys, "demo", ".env")
    assert (code, out) == (Exit.NOTHING, "")
    assert "nothing would be offered: it is kept from every model (a file that holds secrets by convention)" in err


def test_code_is_typed_rather_than_a_changelog() -> None:
    Path("CHANGELOG.md").write_text("- Something was changed by somebody (#1)\n" * 100)
    assert [file.name for file in passage.files_of(Path())] == ["CHANGELOG.md"]
    Path("shapes.py").write_text(shapes(8))
    assert [file.name for file in passage.files_of(Path())] == ["shapes.py"]


def test_one_file_that_cannot_be_read_is_no_reason_to_show_nothing_of_a_folder() -> None:
    Path("latin.py").write_bytes(b"# caf\xe9\n" * 400)
    assert passage.choose(Path()) is None
    Path("shapes.py").write_text(shapes(8))
    assert (found := passage.choose(Path())) is not None and found.name == "shapes.py"


def test_what_the_demo_says_fits_a_small_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Path("shapes.py").write_text(shapes(8))
    _, out, _ = run(capsys, "demo", "shapes.py")
    said = [line for line in out.splitlines() if "│" not in line]
    assert max(map(len, said)) <= 80


def test_passage_is_whole_paragraphs_that_resemble_the_rest() -> None:
    odd = "".join(f"odd_{number} = thing{number}({number}, key{number}=None)\n" for number in range(30))
    Path("shapes.py").write_text(odd + "\n\n" + shapes(8))
    found = passage.choose(Path("shapes.py"))
    assert found is not None
    assert found.text.startswith(("class Shape", "    def area"))
    assert found.text == found.text.rstrip("\n")
    assert passage.SHORTEST <= len(found.text) <= passage.LONGEST
    assert found.likeness > 0.8
    with pytest.raises(Stop):
        passage.choose(Path("missing.py"))


def test_terminal_is_drawn_over_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    screen = Screen(stream, 7)
    screen.add("    ret", accepted=False)
    screen.ghost(Ghost("urn a\n    # \x1b[2J", 0, None), ")", "5 ms")
    drawn = stream.getvalue()
    assert drawn.startswith("\r\x1b[J")
    assert "    ret\x1b[90murn a\x1b[0m)" in drawn
    assert "\\x1b[2J" in drawn
    assert drawn.endswith("\x1b[2A\r\x1b[15C")
    screen.add("urn a)", accepted=True, took=0.005)
    screen.finish_line()
    assert "\x1b[32murn a)\x1b[0m" in stream.getvalue()


def test_row_that_would_wrap_is_cropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "30")
    stream = Terminal()
    screen = Screen(stream, 1)
    screen.add("日本" * 20, accepted=False)
    screen.ghost(Ghost("x" * 80, 0, None), "", "")
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", stream.getvalue())
    assert max(len(row) + sum(char in "日本" for char in row) for row in plain.splitlines()) < 30
