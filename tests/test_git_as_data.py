"""A repository whose own configuration names programs: whatever we ask git about it, none of them runs."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from editors.headless import since
from editors.headless.exits import Stop
from editors.headless.history import History
from editors.headless.runs.about import commit_of
from tests.past_repository import git, repository_in


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Its file differs from the index, and a program waits to be run."""
    root = repository_in(tmp_path / "work")
    (root / "a.py").write_text("changed = 1\n")
    program = tmp_path / "evil.sh"
    program.write_text(f"#!/bin/sh\necho \"$@\" >> '{tmp_path / 'ran'}'\nexit 1\n")
    program.chmod(0o700)
    return root


def check(root: Path, *settings: str) -> None:
    """With these settings (`EVIL` is the program), every reader of the repository goes over it; what they say does not matter."""
    for setting in settings:
        key, _, value = setting.partition("=")
        git(root, "config", key, value.replace("EVIL", str(root.parent / "evil.sh")).replace("HERE", str(root)))
    with suppress(Stop):
        list(since.changed(since.top_of(root), "HEAD"))
    with suppress(Stop):
        since.untracked(root)
    commit_of(root)
    history = History(root)
    with suppress(subprocess.CalledProcessError):
        for commit in history.commits(5):
            for blob in history.files(commit.hash).values():
                history.text(blob)
            list(history.edits(commit))
            history.lately(commit.hash)
            history.together(commit.hash, "a.py", 5)
    history.close()
    ran = root.parent / "ran"
    assert not ran.exists(), ran.read_text()


def lose_the_blob(root: Path) -> None:
    id = subprocess.run(["git", "-C", str(root), "rev-parse", "HEAD:a.py"], check=True, capture_output=True, text=True)
    (root / ".git" / "objects" / id.stdout[:2] / id.stdout[2:].strip()).unlink()


@pytest.mark.parametrize("remote", ["origin", "elsewhere"])
@pytest.mark.parametrize(
    "way",
    [
        ("url=HERE", "uploadpack=EVIL"),
        ("url=ssh://there/x",),
        ("url=ext::EVIL",),
        ("url=git://there/x",),
    ],
    ids=lambda way: way[-1],
)
def test_a_missing_blob_is_not_fetched(repository: Path, remote: str, way: tuple[str, ...]) -> None:
    lose_the_blob(repository)
    check(
        repository,
        "core.repositoryformatversion=1",
        f"extensions.partialClone={remote}",
        f"remote.{remote}.promisor=true",
        "core.sshCommand=EVIL",
        "core.gitProxy=EVIL",
        "protocol.allow=always",
        *(f"protocol.{protocol}.allow=always" for protocol in ("file", "ssh", "ext", "git")),
        *(f"remote.{remote}.{setting}" for setting in way),
    )


def test_a_signature_is_not_checked(repository: Path) -> None:
    whole = subprocess.run(
        ["git", "-C", str(repository), "cat-file", "commit", "HEAD"], check=True, capture_output=True
    )
    head, _, message = whole.stdout.partition(b"\n\n")
    signed = head + b"\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n" + message
    made = subprocess.run(
        ["git", "-C", str(repository), "hash-object", "-t", "commit", "-w", "--stdin"],
        input=signed, check=True, capture_output=True,
    )  # fmt: skip
    git(repository, "update-ref", "HEAD", made.stdout.decode().strip())
    check(repository, "log.showSignature=true", "gpg.program=EVIL")


@pytest.mark.parametrize("filters", [["filter.x.clean=EVIL"], ["filter.x.process=EVIL"]], ids=" ".join)
def test_no_filter_runs_on_a_changed_file(repository: Path, filters: list[str]) -> None:
    (repository / ".gitattributes").write_text("* filter=x\n")
    check(repository, *filters)


def test_no_program_shows_a_difference(repository: Path) -> None:
    (repository / ".gitattributes").write_text("* diff=x\n")
    check(repository, "diff.external=EVIL", "diff.x.command=EVIL", "diff.x.textconv=EVIL", "core.pager=EVIL")


def test_no_program_watches_the_files(repository: Path) -> None:
    check(repository, "core.fsmonitor=EVIL", "core.untrackedCache=true")


def test_no_hook_runs(repository: Path) -> None:
    for name in ("post-index-change", "reference-transaction", "post-checkout"):
        (repository / ".git" / "hooks" / name).symlink_to(repository.parent / "evil.sh")
    check(repository)


def test_a_changed_file_puts_a_plus_to_the_commit(repository: Path) -> None:
    assert commit_of(repository).endswith("+")
    git(repository, "checkout", "-q", "--", "a.py")
    assert len(commit_of(repository)) == 40
