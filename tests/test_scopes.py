"""What is kept of a document's imports: until one of them changes, a file comes or goes, or a configuration is changed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from context.imports.scope import Scope, Scopes
from context.index import Index
from context.privacy import Gate
from context.snapshot import Snapshot

MAIN = "from boats import Boat\nfrom sails import Sail\n"


class Workspace:
    def __init__(self, folder: Path) -> None:
        self.root = folder / "w"
        self.root.mkdir()
        self.gate = Gate([self.root])
        self.index = Index(folder / "store", [self.root], self.gate)
        self._scopes = Scopes()

    def scope(self, name: str = "main.py", language: str = "python", text: str = MAIN) -> Scope:
        snapshot = Snapshot((self.root / name).as_uri(), self.root / name, language, 1, text)
        return self._scopes.of(snapshot, [self.root], self.index, self.gate)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path)
    made.index.put(made.root / "boats.py", "class Boat:\n    pass\n")
    return made


def test_after_a_save_only_definitions_are_asked_for_again(workspace: Workspace) -> None:
    before = workspace.scope()
    assert [one.definition.kind for one in before.definitions("Boat")] == ["class"]
    workspace.index.put(workspace.root / "boats.py", "def Boat():\n    pass\n")
    after = workspace.scope()
    assert after is before and [one.definition.kind for one in after.definitions("Boat")] == ["function"]


def test_a_file_that_comes_or_goes_is_imported_from_or_not(workspace: Workspace) -> None:
    assert workspace.scope().definitions("Sail") == []
    workspace.index.put(workspace.root / "sails.py", "class Sail:\n    pass\n")
    assert [one.path.name for one in workspace.scope().definitions("Sail")] == ["sails.py"]
    workspace.index.forget(workspace.root / "sails.py")
    assert workspace.scope().definitions("Sail") == []


def test_a_changed_import_is_read_again(workspace: Workspace) -> None:
    assert "Boat" in workspace.scope().named
    assert "Boat" not in workspace.scope(text="from boats import Ship\n").named


def test_a_changed_configuration_is_read_again(workspace: Workspace) -> None:
    """An alias of TypeScript that leads elsewhere since the last key."""
    for folder in ("old", "new"):
        workspace.index.put(workspace.root / folder / "boats.ts", "export class Boat {}\n")
    config = workspace.root / "tsconfig.json"
    text = 'import { Boat } from "@/boats";\n'
    for number, folder in enumerate(("old", "new")):
        options = {"baseUrl": ".", "paths": {"@/*": [f"{folder}/*"]}}
        config.write_text(json.dumps({"compilerOptions": options}), "utf-8")
        os.utime(config, ns=(number, number))
        workspace.index.refresh()
        found = workspace.scope("main.ts", "typescript", text).definitions("Boat")
        assert [one.path.parent.name for one in found] == [folder]
