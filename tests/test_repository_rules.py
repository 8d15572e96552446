"""The invariants of ARCHITECTURE.md that can be read off the source: each is the absence of something.

A rule that stands in the way is changed here and in ARCHITECTURE.md, in the same commit, with the reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.source_tree import LAYERS, ROOT, calls, imports, module_file, sources, sources_of_tests, texts, tree

LSP_EDGE = tuple(f"lsp_server/{name}.py" for name in ("server", "protocol", "lifecycle", "convert", "editor"))
LONGEST_FILE = 400


def none_of(found: Iterable[str], rule: str) -> None:
    listed = "\n  ".join(found)
    assert not listed, f"{rule}:\n  {listed}"


def test_no_import_runs_up_the_layers() -> None:
    none_of(
        (
            f"{path}:{line} imports {name}"
            for path in sources()
            for line, name in imports(path)
            if (top := name.split(".")[0]) == "tests"
            or (top in LAYERS and LAYERS.index(top) > LAYERS.index(path.parts[0]))
        ),
        "a layer imports only itself and the layers below it",
    )


def test_no_import_cycle() -> None:
    graph = {
        path: {file for _, name in imports(path) if (file := module_file(name)) not in (None, path)}
        for path in sources()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError("files import each other in a circle: " + " < ".join(map(str, error.args[1]))) from None


def test_no_lsp_types_outside_the_edge() -> None:
    none_of(
        (
            f"{path}:{line} imports {name}"
            for path in sources()
            for line, name in imports(path)
            if name.split(".")[0] in ("pygls", "lsprotocol") and path.as_posix() not in LSP_EDGE
        ),
        f"only {', '.join(LSP_EDGE)} know pygls and lsprotocol",
    )


def test_no_torch_outside_the_model_host() -> None:
    none_of(
        (
            f"{path}:{line} imports {name}"
            for path in sources()
            for line, name in imports(path)
            if name.split(".")[0] in ("torch", "transformers") and path.parts[:2] != ("backends", "host")
        ),
        "only the model host, a process of its own, loads torch",
    )


def test_no_http_client_but_one() -> None:
    clients = ("httpx2", "httpx", "requests", "urllib3", "aiohttp", "urllib.request", "http.client")
    none_of(
        (
            f"{path}:{line} imports {name}"
            for path in sources()
            for line, name in imports(path)
            if any(f"{name}.".startswith(f"{client}.") for client in clients) and path.as_posix() != "backends/http.py"
        ),
        "all HTTP goes through backends/http.py, where origins and keys are checked",
    )


def test_no_cleared_text_made_outside_privacy() -> None:
    makers = ("Cleared", "Excerpt", "privacy.Cleared", "privacy.Excerpt")
    none_of(
        (
            f"{path}:{line} makes a {name}"
            for path in sources()
            for line, name in calls(path, *makers)
            if path.as_posix() != "context/privacy.py"
        ),
        "only context/privacy.py decides what may leave",
    )


def test_no_file_too_long() -> None:
    lengths = {
        path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in (*sources(), *sources_of_tests())
    }
    none_of(
        (f"{path}: {length} lines" for path, length in lengths.items() if length > LONGEST_FILE),
        f"a file holds one behaviour and at most {LONGEST_FILE} lines",
    )


def test_no_file_named_after_nothing() -> None:
    nameless = re.compile(r"(utils?|helpers?|common|misc|base)(_.*|\d*)\.py")
    none_of(
        (str(path) for path in (*sources(), *sources_of_tests()) if nameless.fullmatch(path.name)),
        "a file is named after the behaviour it holds",
    )


def test_no_mutable_state_in_modules() -> None:
    none_of(
        (f"{path}:{line}: {what}" for path in sources() for line, what in _mutable(tree(path))),
        "what changes lives in an object that somebody made; tables are tuples, or dicts annotated as Mapping",
    )


def _mutable(module: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module):
        if isinstance(node, ast.Global):
            yield node.lineno, "global " + ", ".join(node.names)
    for node in module.body:
        if isinstance(node, ast.AnnAssign) and re.match(
            r"(Final\[)?(Mapping|Sequence|tuple|frozenset)\b", ast.unparse(node.annotation)
        ):
            continue
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None and _is_mutable(node.value):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            yield node.lineno, ast.unparse(target)


def _is_mutable(value: ast.expr) -> bool:
    if isinstance(value, (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)):
        return True
    makers = (
        "list",
        "dict",
        "set",
        "bytearray",
        "deque",
        "defaultdict",
        "Counter",
        "OrderedDict",
        "count",
        "LRUCache",
        "TTLCache",
    )
    return isinstance(value, ast.Call) and ast.unparse(value.func).split(".")[-1] in makers


def test_no_second_source_of_time() -> None:
    sources_of_time = (
        "time.time",
        "time.monotonic",
        "time.perf_counter",
        "time.sleep",
        "asyncio.sleep",
        "datetime.now",
    )
    none_of(
        (
            f"{path}:{line} calls {name}"
            for path in sources()
            for line, name in calls(path, *sources_of_time)
            if path.as_posix() != "context/clock.py" and path.parts[0] != "editors"
        ),
        "whatever waits or measures takes a Clock, so that tests need no sleep",
    )


def test_no_output_but_the_protocol() -> None:
    none_of(
        (
            f"{path}:{line} calls {name}"
            for path in sources()
            for line, name in calls(path, "print", "input")
            if path.parts[0] != "editors" and path.as_posix() != "lsp_server/generate.py"
        ),
        "standard output belongs to the language server protocol; the server logs to standard error",
    )


def test_git_is_started_in_one_place() -> None:
    none_of(
        (
            f"{path}:{node.lineno} starts git"
            for path in sources()
            for node in ast.walk(tree(path))
            if isinstance(node, ast.List | ast.Tuple)
            and node.elts
            and isinstance(node.elts[0], ast.Constant)
            and node.elts[0].value == "git"
            and path.as_posix() != "editors/headless/git_as_data.py"
        ),
        "git obeys a hostile repository unless editors/headless/git_as_data.py starts it",
    )


def test_nothing_is_run_or_unpickled() -> None:
    our_own = (  # our interpreter, our program, cut off from the project: an index is built, a model host is started
        "backends/workspace/building.py",
        "backends/host/launch.py",
    )
    modules = ("subprocess", "pickle", "marshal", "shelve", "runpy", "pty")
    none_of(
        (
            *(
                f"{path}:{line} imports {name}"
                for path in sources()
                for line, name in imports(path)
                if name.split(".")[0] in modules and path.parts[0] != "editors" and path.as_posix() not in our_own
            ),
            *(
                f"{path}:{line} calls {name}"
                for path in sources()
                for line, name in calls(path, "eval", "exec", "os.system")
            ),
        ),
        "the server runs nothing and unpickles nothing: a project's files are text to it",
    )


def test_no_skipped_test() -> None:
    none_of(
        (
            f"{path}:{node.lineno}: {ast.unparse(node)}"
            for path in sources_of_tests()
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Attribute)
            and ast.unparse(node) in ("pytest.skip", "mark.skip", "pytest.mark.skip", "pytest.mark.xfail")
        ),
        "a test states today's answer, a wrong one too, and says why it is wrong",
    )


def test_no_module_without_a_purpose() -> None:
    none_of(
        (
            str(path)
            for path in (*sources(), *sources_of_tests())
            if tree(path).body and not ast.get_docstring(tree(path))
        ),
        "every file says first what it is for",
    )


def test_no_address_or_path_of_one_machine() -> None:
    """Lock files with the addresses of a package mirror, or a home folder, would make a clone depend on somebody's machine."""
    homes = r"(?<![\w.~<{])/(?:work/(?:wt|main|shared)|root|home/(?!me\b|user\b)\w+|Users/(?!me\b|user\b)\w+)/"
    indexes = (
        r"(?:files\.pythonhosted|pypi)\.org/|registry\.npmjs\.org|--(?:extra-)?index-url|https?://[\w.-]*:\d+/simple"
    )
    forbidden = re.compile(f"{homes}|{indexes}")
    none_of(
        (
            f"{path}:{number}"
            for path in texts()
            if path != Path("tests/test_repository_rules.py")
            for number, line in enumerate((ROOT / path).read_text(encoding="utf-8", errors="replace").splitlines(), 1)
            if forbidden.search(line)
        ),
        "no tracked file names a package index or a place on one machine",
    )


def test_no_promise_left_in_the_code() -> None:
    promise = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    none_of(
        (
            f"{path}:{number}"
            for path in (*sources(), *sources_of_tests())
            if path != Path("tests/test_repository_rules.py")
            for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), 1)
            if promise.search(line)
        ),
        "what is not done is said in the documents, not in the code",
    )


def test_no_name_that_leads_nowhere() -> None:
    """Documents, source files and tests that a docstring or a document of ours names by their path, or a test by its name."""
    named = re.compile(
        r"(?<![\w/.-])(?:(?:docs|tests|context|backends|lsp_server|editors)/[a-z_/]+(?:\.\w+)+|test_\w+(?=`))"
    )
    known = {node.name for path in sources_of_tests() for node in ast.walk(tree(path)) if hasattr(node, "name")}
    none_of(
        (
            f"{path}: {name}"
            for path in texts()
            if path.suffix == ".md" or path in sources()
            for name in named.findall((ROOT / path).read_text(encoding="utf-8"))
            if name not in known and not (ROOT / name).exists() and not (ROOT / f"tests/{name}.py").exists()
        ),
        "what is named can be opened",
    )


def test_no_rule_missing_from_the_architecture() -> None:
    architecture = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rules = [
        node.name for node in tree(Path("tests/test_repository_rules.py")).body if isinstance(node, ast.FunctionDef)
    ]
    none_of(
        (rule for rule in rules if rule.startswith("test_") and f"`{rule}`" not in architecture),
        "ARCHITECTURE.md lists every invariant with the test that holds it",
    )
