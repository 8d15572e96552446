"""Which grammar parses which language, and which language a file is.

Language ids are those of LSP. Each grammar is its own small wheel (offline, stable ABI, replaceable one by one); a wheel
that is missing or cannot be loaded means no tree for its language, and everything else goes on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING

from context.clock import worked
from context.given import parse_until

if TYPE_CHECKING:
    from tree_sitter import Language, Tree

PROVIDERS: Mapping[str, tuple[str, str]] = {
    # language id: (module of the wheel, its function)
    "bash": ("tree_sitter_bash", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "csharp": ("tree_sitter_c_sharp", "language"),
    "css": ("tree_sitter_css", "language"),
    "go": ("tree_sitter_go", "language"),
    "html": ("tree_sitter_html", "language"),
    "java": ("tree_sitter_java", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "javascriptreact": ("tree_sitter_javascript", "language"),
    "json": ("tree_sitter_json", "language"),
    "jsonc": ("tree_sitter_json", "language"),
    "kotlin": ("tree_sitter_kotlin", "language"),
    "lua": ("tree_sitter_lua", "language"),
    "markdown": ("tree_sitter_markdown", "language"),
    "php": ("tree_sitter_php", "language_php"),
    "python": ("tree_sitter_python", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "scala": ("tree_sitter_scala", "language"),
    "shellscript": ("tree_sitter_bash", "language"),
    "swift": ("tree_sitter_swift", "language"),
    "toml": ("tree_sitter_toml", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "typescriptreact": ("tree_sitter_typescript", "language_tsx"),
    "yaml": ("tree_sitter_yaml", "language"),
}

ENDINGS: Mapping[str, str] = {
    # language id: endings of its files
    "c": "c h",
    "cpp": "cc cpp cxx hh hpp hxx inl",
    "csharp": "cs",
    "css": "css",
    "go": "go",
    "html": "htm html",
    "java": "java",
    "javascript": "cjs js mjs",
    "javascriptreact": "jsx",
    "json": "json",
    "jsonc": "jsonc",
    "kotlin": "kt kts",
    "lua": "lua",
    "markdown": "markdown md",
    "php": "php",
    "python": "pyi py pyw",
    "ruby": "rake rb",
    "rust": "rs",
    "scala": "sc scala",
    "shellscript": "bash sh zsh",
    "swift": "swift",
    "toml": "toml",
    "typescript": "cts mts ts",
    "typescriptreact": "tsx",
    "yaml": "yaml yml",
}

_TEXT = frozenset({"json", "jsonc", "markdown", "toml", "yaml"})
_PAGES = frozenset({"css", "html"})
_SCRIPTS = frozenset({"javascript", "javascriptreact", "php", "typescript", "typescriptreact"})

LARGEST = 2_000_000
"""Bytes beyond which no tree is made: a first parse takes some 0.2 s for each megabyte."""


def language_of(path: PurePath | str) -> str:
    """The language id that the file's ending stands for; "" where it is not known."""
    known = path if isinstance(path, PurePath) else PurePath(path)
    return _languages().get(known.suffix[1:].lower(), "")


def may_use(language: str, other: str) -> bool:
    """Whether code of a language may use the names that stand in a file of another one. The words of a changelog match any
    code, and the keys of a lock file do; neither is where a name comes from. Pages belong to scripts."""
    if language in _TEXT or language in _PAGES:
        return True
    return other not in _TEXT and (other not in _PAGES or language in _SCRIPTS)


@cache
def _languages() -> dict[str, str]:
    return {ending: language for language, endings in ENDINGS.items() for ending in endings.split()}


@cache
def grammar(language: str) -> Language | None:
    """The language's grammar, loaded on first use; None where there is none."""
    provider = PROVIDERS.get(language)
    if provider is None:
        return None
    try:
        from tree_sitter import Language

        module, function = provider
        return Language(getattr(import_module(module), function)())
    except (ImportError, AttributeError, ValueError, TypeError, OSError):
        return None


COSTLY: Mapping[str, tuple[bytes, int]] = {"bash": (b"<<", 2_000), "shellscript": (b"<<", 2_000), "lua": (b"[=", 2_000)}
"""Beginnings that a grammar keeps in mind all at once or looks for the ends of, and how many may be in a text: 60,000 heredocs
took 20 seconds and 6 GB."""

DEEPEST_YAML = 100
"""Columns before a line's text, and marks of lists and mappings in it, together."""
_YAML_LINE = re.compile(rb"[^\r\n]+")
_YAML_MARK = re.compile(rb"[-?:](?=[ \t]|$)")


def is_refused(language: str, data: bytes) -> bool:
    """Whether a text must not come to its grammar, which is code in C: too big, or made to break it.

    That of YAML writes its open lists beyond the memory that it has for them, at some 270: six hundred bytes ended the process.
    One line can open no more than it has columns before its text, twice over, and marks.
    """
    mark, most = COSTLY.get(language, (b"", 0))
    if len(data) > LARGEST or (mark and data.count(mark) > most):
        return True
    if language != "yaml":
        return False
    lines = (found[0] for found in _YAML_LINE.finditer(data))
    return any(len(line) - len(line.lstrip()) + len(_YAML_MARK.findall(line)) > DEEPEST_YAML for line in lines)


def parse(language: str, text: str | bytes, *, longest: float | None = None) -> Tree | None:
    """A tree of the whole text, or None where there is no grammar, the text is refused, or it takes more than `longest`
    seconds of processor time. Holds the interpreter lock."""
    found = grammar(language)
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    if found is None or is_refused(language, data):
        return None
    from tree_sitter import Parser

    if longest is None:
        return Parser(found).parse(data)
    limit = worked() + longest
    return parse_until(Parser(found), data, None, lambda: worked() >= limit)
