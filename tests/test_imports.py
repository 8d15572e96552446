"""Which file an import means, language by language; cases are data in `cases/imports.txt`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from context.grammars import language_of
from context.imports.imported import Imported
from context.imports.scope import READERS

ROOT = Path("/project")
CASES = Path(__file__).parent / "cases" / "imports.txt"


@dataclass(frozen=True)
class Tree:
    """A workspace as a reader of imports sees it: path below the root → text."""

    files: Mapping[str, str]

    @property
    def roots(self) -> Sequence[Path]:
        return (ROOT,)

    def there(self, names: Sequence[str]) -> Collection[str]:
        return set(names) & {str(path) for path in self._paths()}

    def inside(self, folder: Path) -> Sequence[Path]:
        return [path for path in self._paths() if path.parent == folder]

    def ending(self, tail: str) -> Sequence[Path]:
        found = [path for path in self._paths() if path.as_posix().endswith(f"/{tail}")]
        return sorted(found, key=lambda path: (len(path.parts), path))

    def text(self, path: Path) -> str:
        return self.files.get(path.relative_to(ROOT).as_posix(), "") if path.is_relative_to(ROOT) else ""

    def _paths(self) -> list[Path]:
        return sorted(ROOT / name for name in self.files)


def cases() -> list[tuple[str, str]]:
    """Name and body of each case, after its line that begins with `== `."""
    parts = CASES.read_text("utf-8").split("\n== ")[1:]
    return [(name, body) for name, _, body in (part.partition("\n") for part in parts)]


def check(body: str) -> None:
    """Files are `-- path --` and their text; the first is the one that imports. Behind `-- expect --` stands one line for
    each import: `names from paths`, where a name is `there as here` when it gets another, and `*` is everything."""
    given, _, expected = body.partition("-- expect --\n")
    pieces = given.split("-- ")[1:]
    files = {name: text for name, _, text in (piece.partition(" --\n") for piece in pieces)}
    here = next(iter(files))
    reader = READERS[language_of(here)]
    found = [_written(one) for one in reader.imported(files[here], ROOT / here, Tree(files))]
    assert sorted(line for line in found if line) == sorted(expected.strip().splitlines())


def _written(one: Imported) -> str:
    paths = ", ".join(path.relative_to(ROOT).as_posix() for path in one.paths) or "outside"
    names = ", ".join(there if here == there else f"{there} as {here}" for here, there in one.names) or "*"
    return "" if (names, paths) == ("*", "outside") else f"{names} from {paths}"


@pytest.mark.parametrize(("name", "body"), cases(), ids=[name for name, _ in cases()])
def test_an_import_means_the_file_it_names(name: str, body: str) -> None:
    check(body)


@pytest.mark.parametrize("language", READERS)
@pytest.mark.parametrize(
    "text",
    [
        *(
            "import",
            "import (",
            "from",
            "from . import",
            "from .",
            "from ... import *",
            "use {{{{{{",
            "use a::{b",
            "use ::;",
        ),
        *(
            "use super::super::super::super::x;",
            'import x from "',
            'import "" ',
            '#include ""',
            "import a.",
            "import .*;",
        ),
        *("package ;\nimport a.b.c.d.e.f.g;", "mod ;", "use crate;", "use self;", "use super;", 'import x from "."'),
        *('import "/"', "from /x import y", '#include "../../../../../../../../etc/x.h"', "use a as b;", "use *;"),
        "from " + "." * 300 + " import x",
        "use " + "a::{" * 300 + "}" * 300 + ";",
    ],
)
def test_what_is_half_typed_or_hostile_ends(language: str, text: str) -> None:
    list(READERS[language].imported(text, ROOT / "a" / "b.x", Tree({})))


@pytest.mark.parametrize(
    "config", ["{", "[]", "null", '{"compilerOptions": []}', '{"extends": "./tsconfig.json"}', "[" * 90_000]
)
def test_a_broken_config_is_no_config(config: str) -> None:
    tree = Tree({"tsconfig.json": config, "a.ts": "", "b.ts": ""})
    found = list(
        READERS["typescript"].imported('import { x } from "@/b"\nimport { y } from "./b"', ROOT / "a.ts", tree)
    )
    assert [one.paths for one in found] == [(), (ROOT / "b.ts",)]


@pytest.mark.parametrize("config", ["=", "package = 3", "[package]\nname = 3\n[dependencies]\nx = { path = 3 }"])
def test_a_broken_manifest_is_no_manifest(config: str) -> None:
    tree = Tree({"Cargo.toml": config, "src/lib.rs": "", "src/b.rs": ""})
    found = list(READERS["rust"].imported("use crate::b::C; use x::D;", ROOT / "src" / "lib.rs", tree))
    assert [one.paths for one in found] == [(ROOT / "src" / "b.rs",), ()]
