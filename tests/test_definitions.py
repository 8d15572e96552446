"""Signatures come from the file that the imports mean, not from any file with the name."""

from __future__ import annotations

from pathlib import Path

import pytest

from context.around import around
from context.desk import Desk
from context.edits import EditLog
from context.gather import Source
from context.grammars import language_of
from context.index import Index
from context.privacy import Gate
from context.snapshot import Cursor, Snapshot
from context.sources import definitions
from context.syntax import Trees
from context.windows import windows
from tests.fake_clock import FakeClock

MANY = {
    f"other/m{number}.py": f"def load(wrong{number}): ...\nclass Boat:\n    def no{number}(self): ...\n"
    for number in range(9)
}


def check(root: Path, name: str, text: str, files: dict[str, str], look: Source = definitions.look) -> list[str]:
    """What the source `definitions` shows at the mark in the file `name`: path and line."""
    gate = Gate([root])
    index = Index(root.parent / "store", [root], gate)
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
        index.put(root / path, content)
    here = Snapshot((root / name).as_uri(), root / name, language_of(name), 1, text.replace("‸", ""))
    desk = Desk((root,), (here,), EditLog(), gate, Trees(), index, FakeClock())
    cursor = Cursor(here, text.index("‸"))
    found = look(cursor, desk, around(cursor, windows(cursor, 400, 200)))
    return [f"{gate.relative(one.path)}: {one.text.strip()}" for one in found]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "work"


def test_of_many_functions_of_one_name_the_imported_one_is_shown(root: Path) -> None:
    files = MANY | {"app/store.py": "def load(path): ...\n"}
    text = "from app.store import load\n\n\ndef main():\n    load(‸)\n    load()\n"
    assert check(root, "main.py", text, files) == ["app/store.py: def load(path):"]


def test_another_name_for_it_here_is_followed(root: Path) -> None:
    files = MANY | {"app/store.py": "def load(path): ...\n"}
    text = "from app.store import load as fetch\n\n‸\nfetch()\n"
    assert check(root, "main.py", text, files) == ["app/store.py: def load(path):"]


def test_what_a_package_only_passes_on_is_found_where_it_is_defined(root: Path) -> None:
    files = MANY | {
        "app/__init__.py": "from .api import (  # the public part\n    load,\n)\n",
        "app/api.py": "from .deep.store import *\n",
        "app/deep/store.py": "def load(path): ...\n",
    }
    assert check(root, "main.py", "from app import load\n‸\nload()\n", files) == ["app/deep/store.py: def load(path):"]


def test_what_comes_from_outside_is_not_shown_from_a_file_of_ours(root: Path) -> None:
    files = {"other/m.py": "def load(wrong): ...\n"}
    assert check(root, "main.py", "from requests import load\n‸\nload()\n", files) == []
    assert check(root, "main.py", "‸\nload()\n", files) == ["other/m.py: def load(wrong):"]


def test_members_are_those_of_the_class_that_is_meant(root: Path) -> None:
    files = MANY | {"app/boats.py": "class Boat:\n    def steer(self): ...\n"}
    text = "from app.boats import Boat\n‸\nBoat()\n"
    assert check(root, "main.py", text, files) == ["app/boats.py: class Boat:", "app/boats.py: def steer(self):"]


def test_a_package_that_imports_itself_ends(root: Path) -> None:
    files = {"app/__init__.py": "from app import load\nfrom . import *\n"}
    assert check(root, "main.py", "from app import load\n‸\nload()\n", files) == []


@pytest.mark.parametrize(
    ("name", "text", "files", "meant"),
    [
        (
            "cmd/main.go",
            'package main\nimport "example.com/x/store"\nfunc main() {\n\tstore.Load(‸)\n\tstore.Load()\n}\n',
            {
                "go.mod": "module example.com/x\n",
                "store/store.go": "package store\nfunc Load(path string) error {\n}\n",
                **{f"o{n}/o.go": "package o\nfunc Load(wrong int) {\n}\n" for n in range(9)},
            },
            "store/store.go: func Load(path string) error",
        ),
        (
            "src/app.ts",
            "import { load } from '@/store'\n‸\nload()\n",
            {
                "tsconfig.json": '{"compilerOptions": {"paths": {"@/*": ["./src/*"]}}}',
                "src/store/index.ts": "export { load } from './disk'\n",
                "src/store/disk.ts": "export function load(path: string): void {\n}\n",
                **{f"o{n}/o.ts": "export function load(wrong: number) {\n}\n" for n in range(9)},
            },
            "src/store/disk.ts: function load(path: string): void",
        ),
        (
            "src/main.c",
            '#include "all.h"\n‸\nload();\n',
            {
                "include/all.h": '#include "store.h"\n',
                "include/store.h": "struct load { int path; };\n",
                **{f"o{n}/o.h": "struct load { int wrong; };\n" for n in range(9)},
            },
            "include/store.h: struct load",
        ),
    ],
    ids=["a Go package", "a TypeScript alias, passed on", "a C header in a header"],
)
def test_the_meant_file_is_found_in_other_languages(
    root: Path, name: str, text: str, files: dict[str, str], meant: str
) -> None:
    assert check(root, name, text, files)[0] == meant


def test_a_config_that_the_gate_closes_is_not_read(root: Path) -> None:
    files = {
        ".aiignore": "tsconfig.json\n",
        "tsconfig.json": '{"compilerOptions": {"paths": {"@/*": ["./src/*"]}}}',
        "src/store.ts": "export function load(path: string): void {\n}\n",
    }
    assert check(root, "src/app.ts", "import { load } from '@/store'\n‸\nload()\n", files) == []


def test_an_import_that_is_typed_counts_at_once(root: Path) -> None:
    gate = Gate([root])
    index = Index(root.parent / "store", [root], gate)
    index.put(root / "a.py", "def load(one): ...\n")
    index.put(root / "b.py", "def load(two): ...\n")
    desk = Desk((root,), (), EditLog(), gate, Trees(), index, FakeClock())
    for module in ("a", "b", "a"):
        text = f"from {module} import load\n\nload()\n"
        cursor = Cursor(Snapshot("file:///main.py", root / "main.py", "python", 1, text), text.index("\n\n") + 1)
        found = list(definitions.look(cursor, desk, around(cursor, windows(cursor, 400, 200))))
        assert [one.path for one in found] == [root / f"{module}.py"]


def test_what_is_imported_by_name_is_shown_before_it_is_used(root: Path) -> None:
    files = {"app/boats.py": "class Boat:\n    def steer(self, course): ...\n", "app/other.py": "def unused(): ...\n"}
    text = "from app.boats import Boat\nimport app.other\n" + "x = 1\n" * 20 + "‸\n"
    assert check(root, "main.py", text, files) == []
    assert check(root, "main.py", text, files, definitions.look_at_imports) == [
        "app/boats.py: class Boat:",
        "app/boats.py: def steer(self, course):",
    ]


def test_a_package_that_passes_on_many_names_is_read_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"name_{number}" for number in range(60)]
    files = {
        "app/__init__.py": "".join(f"from .deep import {name}\n" for name in names),
        "app/deep.py": "".join(f"def {name}(): ...\n" for name in names),
    }
    asked: list[Path] = []
    imports = Index.imports
    monkeypatch.setattr(Index, "imports", lambda index, path: asked.append(path) or imports(index, path))
    text = f"from app import {', '.join(names)}\n‸\n"
    assert len(check(root, "main.py", text, files, definitions.look_at_imports)) == len(names)
    assert asked == [root / "app" / "__init__.py"]
