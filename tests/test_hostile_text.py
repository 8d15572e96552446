"""Text of a project or of a model costs no more than its length, wherever it is searched: `re` holds the interpreter meanwhile,
and with it every key that is typed, every cancellation and every watchdog."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import pytest

from backends.workspace.near import _WORDS_OF_IMPORT
from context.imports.scope import HEAD, READERS
from context.outline import _COMMENT
from context.secret_files import not_put_aside
from context.sources.own_file import _IMPORT
from context.toml_text import NotRead, table
from lsp_server.actions import answer
from lsp_server.actions.frameworks import PYTHON_TEST, SCRIPT_TEST
from lsp_server.actions.markdown import clean
from lsp_server.actions.places import _NAMED
from lsp_server.talk import FENCE
from tests.processor import seconds
from tests.test_imports import ROOT, Tree


@dataclass(frozen=True)
class Counting(Tree):
    """Takes down what it is asked for."""

    asked: list[str] = field(default_factory=list)

    def there(self, names: Sequence[str]) -> Collection[str]:
        self.asked.extend(names)
        return ()


def check(work: Callable[[str], object], start: str, unit: str, end: str = "", *, length: int = 60_000) -> None:
    """Four times the text costs at most some eight times as much: what is quadratic costs sixteen times, and shows."""

    def cost(of: int) -> float:
        text = start + (unit * of)[:of] + end
        return seconds(lambda: work(text))

    assert cost(length) < 9 * cost(length // 4) + 0.2


@pytest.mark.parametrize(
    ("start", "unit", "end"),
    [("", "\n", ""), ("use", " ", "!"), ("from ", ".", ""), ("import ", "{", ""), ("", "import(\n", ""), ("", "use {\n", ""),
     ("", "pub(", ""), ("const ", "=", ""), ("", "const require ", ""), ("import type", " ", "!"), ("", "export ", "")],
)  # fmt: skip
def test_the_head_of_a_file_is_searched_for_imports(start: str, unit: str, end: str) -> None:
    patterns = {reader.STATEMENT for reader in READERS.values()} | {_IMPORT, _WORDS_OF_IMPORT}
    for pattern in patterns:
        check(lambda text, pattern=pattern: list(pattern.finditer(text)), start, unit, end, length=HEAD)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("config", "source", "text", "start", "unit"),
    [
        ("go.work", "a.go", 'import "x"\n', "go 1.22\n", "\n"),
        ("go.work", "a.go", 'import "x"\n', "", "use ./a\n"),
        ("go.mod", "a.go", 'import "x"\n', "module a\n", "\n"),
        ("go.mod", "a.go", 'import "x"\n', "replace ", " v"),
        ("tsconfig.json", "a.ts", "import {a} from 'x'\n", "", '"\\'),
        ("tsconfig.json", "a.ts", "import {a} from 'x'\n", "", "/*"),
        ("tsconfig.json", "a.ts", "import {a} from 'x'\n", "", ",\n"),
        ("Cargo.toml", "src/a.rs", "use x::a;\n", "", "a."),
        ("Cargo.toml", "src/a.rs", "use x::a;\n", "a = ", "9"),
    ],
)
def test_a_configuration_that_imports_are_read_by(config: str, source: str, text: str, start: str, unit: str) -> None:
    reader = READERS[{"go": "go", "ts": "typescript", "rs": "rust"}[source.rpartition(".")[2]]]

    def read(body: str) -> None:
        list(reader.imported(text, ROOT / source, Tree({config: body, source: text})))

    check(read, start, unit)


def test_paths_of_a_tsconfig_multiply_with_neither_imports_nor_themselves() -> None:
    """3,000 targets for each of 300 imports were a million questions; a target of stars grew with the square."""
    imports = "".join(f"import {{a{number}}} from 'x{number}'\n" for number in range(300))
    targets = ",".join(f'"./a{number}/*"' for number in range(3_000))
    for listed in (targets, f'"{"*" * 20_000}"'):
        config = f'{{"compilerOptions": {{"paths": {{"*": [{listed}]}}}}}}'
        tree = Counting({"tsconfig.json": config, "a.ts": imports})
        list(READERS["typescript"].imported(imports, ROOT / "a.ts", tree))
        assert len(tree.asked) < 100_000 and max(map(len, tree.asked)) < 110_000


def test_a_path_of_a_thousand_steps_is_not_looked_for_step_by_step() -> None:
    tree = Counting({"Cargo.toml": ""})
    list(READERS["rust"].imported(f"use {'a::' * 4_000}b;\n", ROOT / "src" / "a.rs", tree))
    assert len(tree.asked) < 200


@pytest.mark.parametrize("text", ["a = " + "9" * 5_000, "a." * 30_000 + "a = 1", "a = " + "[" * 60_000, "a = 'secret"])
def test_toml_that_is_not_read_is_refused_without_its_text(text: str) -> None:
    with pytest.raises(NotRead) as refused:
        table(text)
    assert "secret" not in str(refused.value) and "999" not in str(refused.value)


@pytest.mark.parametrize(
    ("work", "start", "unit", "end"),
    [
        (answer.FENCE.search, "```", "\t", "!"),
        (FENCE.search, "```", " ", "!"),
        (PYTHON_TEST.search, "", "\n", ""),
        (SCRIPT_TEST.search, "", "\n", ""),
        (SCRIPT_TEST.search, "it(", "\n", ""),
        (_COMMENT.match, "// ", " ", "x"),
        (not_put_aside, ".env", "~", "x"),
        (clean, "", "vscode-", ""),
        (clean, "", "![", ""),
        (clean, "", "`a", ""),
        (lambda text: _NAMED.sub("", text), "", "++/+", "!"),
    ],
)  # fmt: skip
def test_what_models_and_files_hold_is_searched(work: Callable[[str], object], start: str, unit: str, end: str) -> None:
    check(work, start, unit, end)
