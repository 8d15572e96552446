"""What a shell completes, in a real bash where there is one; and that every command has its JSON and its help."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from editors.headless import cli
from editors.headless.bench import BENCHES
from editors.headless.shell import SHELLS, script_for
from tests.shell import run


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_knows_every_command_and_its_flags(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "shell", shell)
    assert code == 0 and out.rstrip("\n") == script_for(shell).rstrip("\n")
    for word in (*cli.COMMANDS, *BENCHES, "local-only"):
        assert word in out
    code, out, _ = run(capsys, "shell", shell, "--json")
    assert json.loads(out)["shell"] == shell


def completed(script: Path, *words: str) -> list[str]:
    quoted = " ".join(f"'{word}'" for word in words)
    asked = f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _shtab_infill"
    program = f'source "$0"; {asked}; printf "%s\\n" "${{COMPREPLY[@]}}"'
    bash = shutil.which("bash") or "bash"
    done = subprocess.run([bash, "-c", program, str(script)], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_bash_completes_commands_benches_and_flags(tmp_path: Path) -> None:
    script = tmp_path / "infill.bash"
    script.write_text(script_for("bash"))
    assert "bench" in completed(script, "infill", "be")
    assert completed(script, "infill", "bench", "rep") == ["replay"]
    assert "--backend" in completed(script, "infill", "complete", "--ba")


def test_bash_completes_the_values_of_settings(tmp_path: Path) -> None:
    script = tmp_path / "infill.bash"
    script.write_text(script_for("bash"))
    assert completed(script, "infill", "complete", "--backend", "wo") == ["workspace"]
    assert {"mistral", "host"} <= set(completed(script, "infill", "bench", "replay", "--backend", ""))
    assert completed(script, "infill", "complete", "--set", "local") == ["local_only="]


@pytest.mark.parametrize("command", [name for name in cli.COMMANDS if name not in ("lsp",)])
def test_every_command_but_the_server_can_print_json(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`serve` too says what it can of itself; `bench` has the flag on each bench."""
    words = [[command, bench] for bench in BENCHES] if command == "bench" else [[command]]
    for one in words:
        code, out, _ = run(capsys, *one, "--help")
        assert code == 0 and "--json" in out and "examples:" in out
