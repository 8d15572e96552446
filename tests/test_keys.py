"""Keys are kept for this user alone and go to the one origin they are bound to."""

from __future__ import annotations

import copy
import json
import logging
import pickle
from pathlib import Path

import pytest

from backends import keys, private_file
from backends.keys import Secret

MISTRAL = "https://api.mistral.ai:443"
CODESTRAL = "https://codestral.mistral.ai:443"
LOOPBACK = "http://127.0.0.1:4000"


class FakeKeyring:
    """A keyring in memory; `broken` makes it fail as a locked one does."""

    def __init__(self, *, broken: bool = False) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.broken = broken

    def get_password(self, service: str, user: str) -> str | None:
        self._check()
        return self.kept.get((service, user))

    def set_password(self, service: str, user: str, password: str) -> None:
        self._check()
        self.kept[service, user] = password

    def delete_password(self, service: str, user: str) -> None:
        del self.kept[service, user]

    def _check(self) -> None:
        if self.broken:
            raise RuntimeError("the keyring is locked")


LOCKED = FakeKeyring(broken=True)


def found(origin: str, file: Path, environment: dict[str, str] | None = None, **more: object) -> tuple[str, str] | None:
    ring = more.pop("keyring", LOCKED)
    key = keys.find(origin, environment or {}, keyring=ring, file=file, **more)  # type: ignore[arg-type]
    return (key.secret.reveal(), key.provenance) if key else None


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "keys.json"


def test_a_secret_does_not_show() -> None:
    secret = Secret("sk-123")
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>5}", repr([secret]), "%s" % secret):  # noqa: UP031
        assert "sk-123" not in shown
    assert "sk-123" not in repr(keys.Found(secret, "the editor"))
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.deepcopy(secret)


def test_the_environment_goes_to_the_configured_address_of_mistral(file: Path) -> None:
    environment = {"MISTRAL_API_KEY": "m"}
    for origin in (MISTRAL, LOOPBACK):
        assert found(origin, file, environment) == ("m", "the environment variable MISTRAL_API_KEY")
    assert found(MISTRAL, file, {"CODESTRAL_API_KEY": "c"}) == ("c", "the environment variable CODESTRAL_API_KEY")


def test_each_address_prefers_its_own_kind(file: Path) -> None:
    both = {"MISTRAL_API_KEY": "m", "CODESTRAL_API_KEY": "c"}
    assert found(MISTRAL, file, both) == ("m", "the environment variable MISTRAL_API_KEY")
    assert found(CODESTRAL, file, both) == ("c", "the environment variable CODESTRAL_API_KEY")


def test_mistrals_variable_is_not_for_other_backends(file: Path) -> None:
    environment = {"MISTRAL_API_KEY": "m", "OPENAI_API_KEY": "o"}
    assert found(LOOPBACK, file, environment, backend="openai") is None
    assert found(LOOPBACK, file, environment | {"INFILL_API_KEY": "i"}, backend="openai") == (
        "i",
        "the environment variable INFILL_API_KEY",
    )


def test_a_stored_key_goes_to_its_origin_alone(file: Path) -> None:
    keys.set(MISTRAL, Secret("m"), keyring=LOCKED, file=file)
    assert found(MISTRAL, file) == ("m", f"the file {file}")
    for other in (CODESTRAL, LOOPBACK, "http://api.mistral.ai:443", "https://api.mistral.ai:8443"):
        assert found(other, file) is None


def test_the_keyring_comes_before_the_file(file: Path) -> None:
    ring = FakeKeyring()
    keys.set(MISTRAL, Secret("old"), keyring=LOCKED, file=file)
    assert keys.set(MISTRAL, Secret("new"), keyring=ring, file=file) == "the keyring"
    assert found(MISTRAL, file, keyring=ring) == ("new", "the keyring")
    assert found(CODESTRAL, file, keyring=ring) is None


def test_clear_forgets_it_everywhere(file: Path) -> None:
    ring = FakeKeyring()
    keys.set(MISTRAL, Secret("a"), keyring=LOCKED, file=file)
    keys.set(CODESTRAL, Secret("c"), keyring=LOCKED, file=file)
    keys.set(MISTRAL, Secret("b"), keyring=ring, file=file)
    assert keys.clear(MISTRAL, keyring=ring, file=file) == ("the keyring", f"the file {file}")
    assert found(MISTRAL, file, keyring=ring) is None
    assert found(CODESTRAL, file) == ("c", f"the file {file}")
    assert keys.clear(MISTRAL, keyring=ring, file=file) == ()


def test_the_file_is_this_users_alone_and_written_at_once(file: Path) -> None:
    keys.set(MISTRAL, Secret("m"), keyring=LOCKED, file=file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in file.parent.iterdir()] == ["keys.json"]


def test_a_file_that_others_can_read_is_not_used(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    keys.set(MISTRAL, Secret("m-secret"), keyring=LOCKED, file=file)
    file.chmod(0o644)
    with caplog.at_level(logging.DEBUG):
        assert found(MISTRAL, file) is None
    assert "m-secret" not in caplog.text
    assert f"chmod 600 {file}" in keys.problem(file=file)
    with pytest.raises(private_file.NotPrivate):
        keys.set(MISTRAL, Secret("m"), keyring=LOCKED, file=file)


def test_a_link_is_not_followed(file: Path, tmp_path: Path) -> None:
    real = tmp_path / "real.json"
    private_file.write(real, json.dumps({MISTRAL: "m"}).encode())
    file.parent.mkdir()
    file.symlink_to(real)
    assert found(MISTRAL, file) is None
    assert "link" in keys.problem(file=file)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": 1}', b"\xff", b"[" * 60_000])
def test_a_damaged_file_is_said_and_kept(file: Path, content: bytes) -> None:
    private_file.write(file, content)
    assert found(MISTRAL, file) is None
    assert "damaged" in keys.problem(file=file)
    with pytest.raises(ValueError, match="damaged"):
        keys.set(MISTRAL, Secret("m"), keyring=LOCKED, file=file)
    assert file.read_bytes() == content


@pytest.mark.parametrize("key", ["", "  ", "two words", "line\nbreak", "schlüssel"])
def test_what_cannot_be_a_key_is_refused(file: Path, key: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        keys.set(MISTRAL, Secret(key), keyring=LOCKED, file=file)


def test_nothing_wrong_is_said_where_there_is_no_file(file: Path) -> None:
    assert keys.problem(file=file) == ""
    assert found(MISTRAL, file) is None


def test_a_failed_write_leaves_the_old_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    keys.set(MISTRAL, Secret("m"), keyring=LOCKED, file=file)
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="space"):
        keys.set(MISTRAL, Secret("n"), keyring=LOCKED, file=file)
    assert found(MISTRAL, file) == ("m", f"the file {file}")
    assert [each.name for each in file.parent.iterdir()] == ["keys.json"]
