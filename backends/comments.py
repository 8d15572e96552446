"""How each language writes a line comment, for excerpts shown to models that have no form for several files."""

from __future__ import annotations


def commented(text: str, language: str) -> str:
    """`text` with every line turned into a comment of `language` (an LSP language id), ending in a newline."""
    before, after = next(((opens, closes) for opens, closes, known in _MARKS if language in known), ("//", ""))
    return "".join(f"{before} {line}".rstrip() + f"{after}\n" for line in text.splitlines())


_MARKS = (
    ("#", "", ("coffeescript", "elixir", "gdscript", "julia", "nim", "perl", "powershell", "python", "r", "ruby")),
    ("#", "", ("cmake", "dockerfile", "makefile", "nix", "properties", "shellscript", "terraform", "toml", "yaml")),
    ("--", "", ("ada", "elm", "haskell", "lua", "sql", "vhdl")),
    (";", "", ("asm", "clojure", "elisp", "ini", "lisp", "racket", "scheme")),
    ("%", "", ("bibtex", "erlang", "latex", "matlab", "prolog", "tex")),
    ("!", "", ("fortran",)),
    ('"', "", ("vim",)),
    ("<!--", " -->", ("html", "markdown", "svelte", "vue", "xml", "xsl")),
    ("/*", " */", ("css",)),
    ("(*", " *)", ("ocaml",)),
)
