"""The gate's path rules: what is closed stays closed however it is reached, and what cannot be judged is closed too."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path
from typing import Literal

import pytest

from context.privacy import MASK, Excerpt, Gate, LeftOut
from tests.test_masking import token


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "work" / "src" / "deep").mkdir(parents=True)
    (tmp_path / "work" / ".git").mkdir()
    (tmp_path / "work" / "src" / "a.py").write_text("a = 1\n")
    return tmp_path / "work"


def check(root: Path, path: str, *, alone: bool, across: bool, exclude: tuple[str, ...] = ()) -> str:
    """Whether the path may be shown as the file being edited, and beside another; the reason it may not."""
    gate = Gate([root], exclude=exclude)
    reason = gate.refusal(root / path, cross_file=True)
    assert (gate.refusal(root / path) is None, reason is None) == (alone, across)
    return reason or ""


def test_ordinary_files_pass(root: Path) -> None:
    check(root, "src/a.py", alone=True, across=True)
    assert Gate([root]).refusal(None, cross_file=True) is None


@pytest.mark.parametrize(
    "path",
    [".env", "src/.env.local", "PROD.ENV", "server.PEM", "src/Id_Rsa", ".ssh/config", "a/.aws/b/c.txt", "x/.docker/config.json",
     "deploy/prod.tfvars", ".netrc", "keys/service-account-prod.json", "home/.config/gh/hosts.yml", ".git/config",
     "env.production", ".env~", "#.netrc#", "keys/server.pem.bak", "keys/server.key.git", ".env ", "src/.NPMRC.orig",
     "secrets/prod/db.txt", "a/secrets/x.yaml", "kube/config", "gcp-key.json", "x-firebase-adminsdk-1.json"],
)  # fmt: skip
def test_files_that_hold_secrets_by_convention_are_closed(root: Path, path: str) -> None:
    check(root, path, alone=False, across=False)


@pytest.mark.parametrize(
    "path",
    [
        "settings.json",
        "config.json",
        "src/secrets.py",
        "environment.ts",
        "src/keys.py",
        "env.py",
        "secrets/client.py",
        "monkey.json",
    ],
)
def test_harmless_namesakes_pass(root: Path, path: str) -> None:
    check(root, path, alone=True, across=True)


@pytest.mark.parametrize(
    "name",
    [".aiignore", ".aiexclude", ".cursorignore", ".codyignore", ".continueignore", ".copilotignore", ".infillignore"],
)
def test_every_ai_ignore_file_closes_what_it_names(root: Path, name: str) -> None:
    (root / "src" / name).write_text("deep/\nPRIVATE_*\n!a.py\n")
    assert name in check(root, "src/deep/x.py", alone=False, across=False)
    check(root, "src/private_plan.py", alone=False, across=False)
    check(root, "src/a.py", alone=True, across=True)
    check(root, "other/deep/x.py", alone=True, across=True)


def test_an_ignore_file_above_the_workspace_counts(root: Path) -> None:
    (root.parent / ".aiignore").write_text("work/src/\n")
    check(root, "src/a.py", alone=False, across=False)


def test_a_marker_file_closes_its_folder(root: Path) -> None:
    (root / "src" / ".noai").touch()
    check(root, "src/deep/x.py", alone=False, across=False)
    check(root, "b.py", alone=True, across=True)


def test_an_empty_aiexclude_closes_its_folder(root: Path) -> None:
    (root / "src" / ".aiexclude").touch()
    check(root, "src/a.py", alone=False, across=False)


def test_gitignore_counts_for_other_files_only(root: Path) -> None:
    (root / ".gitignore").write_text("*.log\n/local/\n!keep.log\n")
    (root / "src" / ".gitignore").write_text("!shown.log\n")
    check(root, "src/x.log", alone=True, across=False)
    check(root, "local/settings.py", alone=True, across=False)
    check(root, "src/local/settings.py", alone=True, across=True)
    check(root, "keep.log", alone=True, across=True)
    check(root, "src/shown.log", alone=True, across=True)


def test_a_repository_inside_of_an_ignored_folder_is_ignored(root: Path) -> None:
    """Its own work tree begins below, but whoever ignored the folder did not mean all but that."""
    (root / ".gitignore").write_text("clients/\n")
    (root / "clients" / "one" / ".git").mkdir(parents=True)
    check(root, "clients/one/x.py", alone=True, across=False)
    assert Gate([root / "clients" / "one"]).refusal(root / "clients" / "one" / "x.py", cross_file=True) is None


def test_a_second_work_tree_heeds_what_the_first_one_excludes(root: Path) -> None:
    (root / ".git" / "worktrees" / "w").mkdir(parents=True)
    (root / ".git" / "worktrees" / "w" / "commondir").write_text("../..\n")
    (root / ".git" / "info").mkdir()
    (root / ".git" / "info" / "exclude").write_text("notes.py\n")
    second = root.parent / "second"
    second.mkdir()
    (second / ".git").write_text(f"gitdir: {root}/.git/worktrees/w\n")
    check(root, "notes.py", alone=True, across=False)
    check(second, "notes.py", alone=True, across=False)


def test_what_lies_in_an_ignored_folder_cannot_be_let_in_again(root: Path) -> None:
    (root / ".gitignore").write_text("deep/\n")
    (root / "src" / "deep" / ".gitignore").write_text("!x.py\n")
    check(root, "src/deep/x.py", alone=True, across=False)


def test_one_rule_file_cannot_open_what_another_closed(root: Path) -> None:
    (root / ".aiignore").write_text("src/\n")
    (root / "src" / ".cursorignore").write_text("!*\n")
    check(root, "src/a.py", alone=False, across=False, exclude=("!src/*",))


def test_patterns_of_a_setting_add_up(root: Path) -> None:
    check(root, "src/a.py", alone=False, across=False, exclude=("SRC/*.py",))
    check(root, ".env", alone=False, across=False, exclude=("!.env", "x/"))


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_is_the_same_in_both_of_its_spellings(root: Path, form: Literal["NFC", "NFD"]) -> None:
    other: Literal["NFC", "NFD"] = "NFD" if form == "NFC" else "NFC"
    (root / ".aiignore").write_text(unicodedata.normalize(form, "résumé.py\n"))
    check(root, unicodedata.normalize(other, "Résumé.py"), alone=False, across=False)
    check(
        root,
        unicodedata.normalize(other, "straße/ä.py"),
        alone=False,
        across=False,
        exclude=(unicodedata.normalize(form, "Ä.py"),),
    )


def test_rules_of_a_folder_that_may_be_entered_and_not_listed_count(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "src" / ".aiignore").write_text("a.py\n")
    (root / "src" / ".gitignore").write_text("b.py\n")
    listed = os.listdir

    def refuse(folder: str) -> list[str]:
        if folder == str(root / "src"):
            raise PermissionError
        return listed(folder)

    monkeypatch.setattr(os, "listdir", refuse)
    check(root, "src/a.py", alone=False, across=False)
    check(root, "src/b.py", alone=True, across=False)
    check(root, "src/c.py", alone=True, across=True)


@pytest.mark.parametrize("content", [b"\xff\xfed\x00e\x00", b"caf\xe9\n", b"x\n" * 2_001, None, "link", "pipe"])
def test_a_rule_file_that_cannot_be_read_closes_its_folder(root: Path, content: bytes | str | None) -> None:
    rule = root / "src" / ".aiignore"
    if content is None:
        rule.mkdir()
    elif content == "link":
        rule.symlink_to(root / "nowhere")
    elif content == "pipe":
        os.mkfifo(rule)
    elif isinstance(content, bytes):
        rule.write_bytes(content)
    assert "cannot be read" in check(root, "src/a.py", alone=False, across=False)
    check(root, "b.py", alone=True, across=True)


def test_an_unreadable_gitignore_closes_only_cross_file_context(root: Path) -> None:
    (root / ".gitignore").mkdir()
    check(root, "src/a.py", alone=True, across=False)


def test_a_rule_written_later_is_seen(root: Path) -> None:
    gate = Gate([root])
    assert gate.refusal(root / "src" / "a.py") is None
    (root / "src" / ".aiignore").write_text("a.py\n")
    assert gate.refusal(root / "src" / "a.py")
    (root / "src" / ".aiignore").write_text("bbbbb.py\n")
    assert gate.refusal(root / "src" / "a.py") is None


def test_a_link_is_judged_by_what_it_leads_to(root: Path) -> None:
    (root / ".env").write_text("X=1\n")
    (root / "src" / "harmless.py").symlink_to(root / ".env")
    check(root, "src/harmless.py", alone=False, across=False)
    (root.parent / "outside.py").write_text("x = 1\n")
    (root / "src" / "out.py").symlink_to(root.parent / "outside.py")
    assert "link" in check(root, "src/out.py", alone=False, across=False)
    (root / "loop.py").symlink_to(root / "loop.py")
    check(root, "loop.py", alone=True, across=True)


def test_what_lies_above_the_place_a_link_leads_to_is_outside(root: Path) -> None:
    """For the system `src/link/../notes.py` is beside what `link` leads to, though it reads as `src/notes.py`."""
    (root.parent / "elsewhere" / "deep").mkdir(parents=True)
    (root.parent / "elsewhere" / "notes.py").write_text("x = 1\n")
    (root / "src" / "link").symlink_to(root.parent / "elsewhere" / "deep")
    assert "link" in check(root, "src/link/../notes.py", alone=False, across=False)


@pytest.mark.parametrize("path", ["../work-evil/a.py", "src/../../other/a.py"])
def test_a_sibling_folder_is_outside(root: Path, path: str) -> None:
    assert "outside" in check(root, path, alone=True, across=False)


def test_a_path_that_cannot_be_judged_is_closed(root: Path) -> None:
    assert Gate([root]).refusal(Path("a\0b.py"))


def test_an_excerpt_is_masked_and_a_refused_one_says_why(root: Path) -> None:
    gate = Gate([root])
    shown = gate.excerpt(root / "src" / "a.py", f"key = '{token('ghp_{A36}', 3)}'\n", "similar code")
    assert shown == Excerpt("src/a.py", gate.clear(f"key = '{MASK}'\n"), "similar code")
    refused = gate.excerpt(root / ".env", "X=1", "similar code")
    assert isinstance(refused, LeftOut) and "X=1" not in repr(refused)


def test_a_path_is_shown_below_its_root_or_as_a_name(root: Path) -> None:
    gate = Gate([root])
    assert gate.relative(root / "src" / "a.py") == "src/a.py"
    assert gate.relative(root.parent / "secret-project" / "b.py") == "b.py"
    assert gate.relative(None) == ""


def test_a_secret_in_a_files_name_is_masked(tmp_path: Path) -> None:
    gate = Gate([tmp_path])
    name = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
    assert gate.relative(tmp_path / "dumps" / f"{name}.py") == f"dumps/{MASK}.py"
    shown = gate.excerpt(tmp_path / f"{name}.py", "x = 1\n", "why")
    assert name not in shown.path
