"""`infill` itself, `infill config` and `infill key`, as a shell would call them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from editors.headless import cli
from editors.headless.exits import Exit
from tests.shell import Terminal, new_user, run

KEY = "k3y-0f-a-t3st"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return new_user(tmp_path, monkeypatch)


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--version")
    assert (code, out.split()[0]) == (Exit.DONE, "infill")
    for command in cli.COMMANDS:
        code, out, _ = run(capsys, command, "--help")
        assert (code, "examples:" in out) == (Exit.DONE, True)


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["nonsense"],
        ["config", "--backend", "mystery"],
        ["config", "--set", "max_tokens=0"],
        ["config", "--set", "x=1"],
    ],
)
def test_wrong_use_is_exit_code_2(capsys: pytest.CaptureFixture[str], argv: list[str]) -> None:
    assert run(capsys, *argv)[0] == Exit.USAGE


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["nonsense"], "there is no 'nonsense'; there are lsp, demo, complete"),
        (["doctr"], "there is no 'doctr'; did you mean doctor. `infill --help`"),
        (["bench", "repaly", "."], "there is no 'repaly'; did you mean replay. `infill bench --help`"),
        (["usage", "--by", "modle"], "argument --by: there is no 'modle'; did you mean model"),
        (["complete", "--backnd", "workspace"], "unrecognized arguments: --backnd; did you mean --backend"),
        (["complete", "--backnd=workspace"], "unrecognized arguments: --backnd=workspace; did you mean --backend"),
        (["complete", "--backnd", "workspace", "a.py:1:1"], "did you mean --backend"),
        (["complete", "--backend", "workspce", "a.py:1:1"], "host, workspace, scripted; did you mean workspace."),
        (["bench", "--jsn"], "unrecognized arguments: --jsn"),
        (["--backend", "workspace", "complete", "a.py:1:1"], "--backend; flags of a command stand after it"),
        (["complete"], "required: FILE:LINE:COL"),
        (["complete", "a.py:12"], "both counted from 1, as in src/app.py:12:5"),
        (["key"], "required: set|clear|show-where"),
        (["doctor", "--selftest"], "did you mean --self-test. `infill doctor --help`"),
        (["bench", "replay", ".", "--line=3x", "--reprot", "x"], "`infill bench replay --help`"),
        (["bench", "selftest", "--reprot", "x"], "did you mean --report. `infill bench selftest --help`"),
        (["config", "--set", "max_token=3"], "there is no setting `max_token`; did you mean `max_tokens`"),
        (["config", "--set", "xyzzy=3"], "there is no setting `xyzzy`; docs/settings.md lists them all"),
    ],
)
def test_wrong_use_is_one_line_that_says_what_to_do(
    capsys: pytest.CaptureFixture[str], argv: list[str], words: str
) -> None:
    code, out, err = run(capsys, *argv)
    assert (code, out, err.count("\n")) == (Exit.USAGE, "", 1)
    assert words in err
    assert "--help` says more." in err


@pytest.mark.parametrize(
    ("address", "warned"),
    [("http://evil.example.com", True), ("https://evil.example.com", False), ("http://127.0.0.1:9", False)],
)
def test_a_key_for_a_server_without_encryption_is_warned_of(
    address: str, warned: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(KEY + "\n"))
    code, _, err = run(capsys, "key", "set", "--base-url", address)
    assert code == Exit.DONE and ("travel unencrypted" in err) is warned


def test_server_at_a_terminal_says_what_it_waits_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lsp_server.__main__.main", lambda *_, **__: None)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert run(capsys, "lsp") == (Exit.DONE, "", "")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    code, out, err = run(capsys, "lsp")
    assert (code, out) == (Exit.DONE, "")
    assert "waits for an editor" in err


def test_config_says_whence(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFILL_MODEL", "from-the-environment")
    project = Path.cwd() / ".infill.toml"
    project.write_text('exclude = ["secret/"]\n')
    code, out, _ = run(capsys, "config", "--json", "--backend", "workspace", "--set", "max-tokens=9")
    settings = json.loads(out)["settings"]
    assert code == Exit.DONE
    assert settings["backend"] == {"value": "workspace", "from": "command line"}
    assert settings["max_tokens"] == {"value": 9, "from": "command line"}
    assert settings["model"] == {"value": "from-the-environment", "from": "environment"}
    assert settings["exclude"] == {"value": ["secret/"], "from": f"default, narrowed by {project}"}


def test_config_fails_where_a_layer_has_a_problem(capsys: pytest.CaptureFixture[str]) -> None:
    (Path.cwd() / ".infill.toml").write_text('"base\\u001b_url" = 1\nbase_url = "http://evil.example"\n')
    code, out, _ = run(capsys, "config")
    assert code == Exit.NOTHING
    assert "a project's file may not set this" in out
    assert "\x1b" not in out
    assert "evil" not in out


def test_key_is_kept_found_and_cleared(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    assert run(capsys, "key", "show-where")[0] == Exit.NOTHING
    monkeypatch.setattr("sys.stdin", io.StringIO(KEY + "\n"))
    code, out, _ = run(capsys, "key", "set")
    assert (code, "https://api.mistral.ai:443" in out, KEY in out) == (Exit.DONE, True, False)
    code, out, _ = run(capsys, "key", "show-where", "--json")
    assert (code, json.loads(out)["found"], KEY in out) == (Exit.DONE, True, False)
    kept = [path for path in home.rglob("*") if path.is_file()]
    assert [path.stat().st_mode & 0o077 for path in kept] == [0]
    assert run(capsys, "key", "show-where", "--base-url", "https://other.example")[0] == Exit.NOTHING
    assert run(capsys, "key", "clear")[0] == Exit.DONE
    assert run(capsys, "key", "clear")[0] == Exit.NOTHING


def test_ctrl_d_in_place_of_a_key_is_no_bug(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("editors.headless.key.getpass", ended)
    code, _, err = run(capsys, "key", "set")
    assert code == Exit.NOTHING and "No key was given" in err and "bug" not in err


def test_a_key_that_cannot_be_kept_is_said_with_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()  # no folder can be made in a file, not by root either
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("sys.stdin", io.StringIO(KEY + "\n"))
    code, _, err = run(capsys, "key", "set")
    assert code == Exit.NOTHING and KEY not in err and "[Errno" not in err
    assert str(tmp_path / "file" / "infill") in err and "MISTRAL_API_KEY" in err and "XDG_CONFIG_HOME" in err


def test_key_of_a_server_that_is_not_named_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "key", "set", "--backend", "openai")[0] == Exit.USAGE


def test_key_is_looked_for_where_the_backend_would_ask(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out, _ = run(capsys, "key", "show-where", "--backend", "llama_cpp")
    assert "No key for http://127.0.0.1:8080" in out
    assert "INFILL_API_KEY" in out
    monkeypatch.setenv("INFILL_API_KEY", KEY)
    assert run(capsys, "key", "show-where", "--backend", "llama_cpp")[0] == Exit.DONE


def test_bug_is_one_sentence_without_the_text_it_held(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("def secret_of_the_user(): ...")

    monkeypatch.setattr("editors.headless.config.settings_here", broken)
    code, out, err = run(capsys, "config")
    assert code == Exit.NOTHING
    assert "This is a bug in Infill" in err
    assert "config stopped at RuntimeError in" in err
    assert "secret_of_the_user" not in out + err
    assert "Traceback" not in err
