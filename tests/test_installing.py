"""What a user is told to run for more libraries fits the way in which Infill was installed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from backends import installing


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """From a checkout, by pip, into an environment of its own."""
    (tmp_path / "pyproject.toml").touch()
    made_from(tmp_path, monkeypatch)
    monkeypatch.setattr(sys, "prefix", "/srv/infill/.venv")
    monkeypatch.setattr(sys, "executable", "/srv/infill/.venv/bin/python")
    monkeypatch.setattr(installing, "find_spec", lambda name: object())
    return tmp_path


def made_from(folder: Path, monkeypatch: pytest.MonkeyPatch, *, editable: bool = False) -> None:
    said = json.dumps({"url": folder.as_uri(), "dir_info": {"editable": editable}})
    monkeypatch.setattr(installing, "distribution", lambda name: SimpleNamespace(read_text=lambda file: said))


def test_pip_is_named_with_the_python_that_it_is_for(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = "/srv/infill/.venv/bin/python"
    assert installing.with_extra("host") == f"`{python} -m pip install '{installed}[host]'`"
    made_from(installed, monkeypatch, editable=True)
    assert installing.with_extra("host") == f"`{python} -m pip install -e '{installed}[host]'`"


@pytest.mark.parametrize(
    ("prefix", "command"),
    [
        ("/srv/ann/.local/share/uv/tools/infill-ls", "uv tool install"),
        ("/srv/ann/.local/share/pipx/venvs/infill-ls", "pipx install --force"),
    ],
)
def test_the_program_that_made_it_is_named(
    prefix: str, command: str, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", prefix)
    assert installing.with_extra("report") == f"`{command} '{installed}[report]'`"


def test_an_environment_without_pip_is_one_of_uv(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "find_spec", lambda name: None)
    assert installing.with_extra("host").startswith("`uv pip install --python /srv/infill/.venv/bin/python '")


def test_a_checkout_that_is_gone_is_asked_for(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_from(installed / "gone", monkeypatch)
    assert installing.with_extra("host").endswith("pip install '.[host]'` in Infill's checkout")
