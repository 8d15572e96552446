"""`infill doctor` finds what is wrong, says what to do, and fails only for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from editors.headless.exits import Exit
from tests.shell import new_user, run


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return new_user(tmp_path, monkeypatch)


def findings(capsys: pytest.CaptureFixture[str], *flags: str) -> tuple[int, list[dict[str, Any]]]:
    code, out, _ = run(capsys, "doctor", "--json", *flags)
    return code, json.loads(out)


def test_new_user_has_nothing_to_mend(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = findings(capsys)
    assert (code, [one for one in found if one["state"] == "bad"]) == (Exit.DONE, [])
    about = {one["about"] for one in found}
    assert about == {
        "python",
        "command",
        "grammars",
        "settings",
        "folders",
        "key",
        "backend",
        "actions",
        "server",
        "editors",
    }


def test_each_problem_has_its_mend(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    Path(".infill.toml").write_text('model = "mine"\n')
    code, found = findings(capsys, "--backend", "mistral", "--base-url", "http://127.0.0.1:9")
    bad = {one["about"]: one for one in found if one["state"] == "bad"}
    assert (code, set(bad)) == (Exit.NOTHING, {"settings", "backend"})
    assert all(one["mend"] for one in bad.values())
    assert "No connection to http://127.0.0.1:9" in bad["backend"]["what"]


@pytest.mark.parametrize(
    ("name", "lost"),
    [("CONFIG", "key set"), ("DATA", "usage"), ("CACHE", "workspace model"), ("STATE", "bench")],
)
def test_a_folder_that_cannot_be_written_is_named_with_what_it_costs(
    name: str, lost: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()  # no folder can be made in a file, not by root either
    monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / "file"))
    code, found = findings(capsys)
    [told] = [one for one in found if one["about"] == "folders"]
    assert (code, told["state"]) == (Exit.NOTHING, "bad")
    assert str(tmp_path / "file" / "infill") in told["what"] and lost in told["what"]
    assert f"XDG_{name}_HOME" in told["mend"]


def test_an_audit_that_cannot_be_written_is_said_to_hold_all_back(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    (home / "data" / "infill" / "audit.jsonl").mkdir(parents=True)
    (home / "data" / "infill" / "usage.sqlite").touch()
    _, found = findings(capsys)
    assert [one["state"] for one in found if one["about"] == "folders"] == ["good"]
    _, found = findings(capsys, "--set", "audit=true")
    [told] = [one["what"] for one in found if one["about"] == "folders"]
    assert "audit.jsonl" in told and "nothing is sent" in told


def test_an_address_that_nobody_asks_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFILL_BASE_URL", "http://127.0.0.1:18765")
    _, found = findings(capsys)
    [told] = [one for one in found if "`base_url` is set" in one["what"]]
    assert "(environment)" in told["what"] and "is not asked" in told["what"] and "`backend`" in told["mend"]


def test_server_of_ones_own_needs_no_key(capsys: pytest.CaptureFixture[str]) -> None:
    _, found = findings(capsys, "--backend", "llama_cpp", "--set", "local_only=true")
    key = next(one for one in found if one["about"] == "key")
    assert (key["state"], key["what"]) == ("note", "There is no key for http://127.0.0.1:8080.")
    assert "MISTRAL" not in key["mend"]


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (("--backend", "mistral"), "infill key set"),
        (("--backend", "llama_cpp", "--base-url", "http://127.0.0.1:9"), "Check that it runs"),
        (("--backend", "mistral", "--local-only"), "`host`."),
    ],
    ids=["no key", "no server", "another machine"],
)
def test_actions_are_not_good_where_nobody_would_answer(
    capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], word: str
) -> None:
    _, found = findings(capsys, *flags)
    actions = next(one for one in found if one["about"] == "actions")
    assert actions["state"] == "note"
    assert word in actions["mend"]
    assert "workspace" not in actions["mend"]


def test_actions_name_the_broken_file_that_keeps_all_here(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "k3y")
    Path(".infill.toml").write_text("exclude = [\n")
    _, found = findings(capsys)
    actions = next(one for one in found if one["about"] == "actions")
    assert actions["state"] == "note"
    assert ".infill.toml cannot be read" in actions["what"]
    assert "workspace" not in actions["mend"]


def test_key_is_named_by_its_place_and_its_server(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "k3y-0f-a-t3st")
    code, out, _ = run(capsys, "doctor", "--backend", "workspace")
    assert code == Exit.DONE
    assert "The key from the environment variable MISTRAL_API_KEY goes to https://api.mistral.ai:443" in out
    assert "k3y-0f-a-t3st" not in out
