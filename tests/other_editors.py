"""What the tests of editors without a plugin share: the configuration that docs/editors.md gives, and a home of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.editors_found import ROOT
from tests.provider import Provider


def documented(heading: str, language: str, number: int = 0) -> str:
    """A block of configuration from docs/editors.md: what is tested is what people copy."""
    page = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
    section = page.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)
    return blocks[number]


def provided(configuration: str, fake: Provider) -> str:
    """With the provider of a test in the place of the workspace model."""
    assert 'backend = "workspace"' in configuration
    return configuration.replace('backend = "workspace"', f'backend = "mistral", base_url = "{fake.url}"')


def home(folder: Path) -> dict[str, str]:
    """Makes a home and a project in the folder. The variables have `infill` on the PATH and a key, and nothing of whoever
    runs the tests."""
    (folder / "project" / ".git").mkdir(parents=True)
    (folder / "home").mkdir()
    names = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")
    return {
        **dict.fromkeys(names, str(folder / "home")),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "MISTRAL_API_KEY": "sk-test-of-editors",
    }


def asking(fake: Provider) -> dict[str, str]:
    """For editors whose configuration hands over no settings."""
    return {"INFILL_BACKEND": "mistral", "INFILL_BASE_URL": fake.url}


def accepted(variables: dict[str, str]) -> int:
    """How many suggestions `infill usage` says were accepted in this home."""
    line = [sys.executable, "-P", "-m", "editors.headless", "usage", "--json"]
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=variables, cwd=ROOT)
    return sum(day["accepted"] for day in json.loads(done.stdout or "[]"))
