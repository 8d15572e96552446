"""Every family's whole prompt, with and without other files, and text that tries to speak control tokens."""

from __future__ import annotations

import re

import pytest

from backends.templates import TEMPLATES
from context.privacy import Cleared, Excerpt, FimContext


def context(
    prefix: str = "a = ", suffix: str = "\nprint(a)\n", *excerpts: tuple[str, str], path: str = "src/main.py"
) -> FimContext:
    shown = tuple(Excerpt(name, Cleared(text), "open file") for name, text in excerpts)
    return FimContext(path, "python", Cleared(prefix), Cleared(suffix), shown)


ALONE = {
    "codestral": "[SUFFIX]\nprint(a)\n[PREFIX]a = ",
    "qwen": "<|fim_prefix|>a = <|fim_suffix|>\nprint(a)\n<|fim_middle|>",
    "codeqwen": "<fim_prefix>a = <fim_suffix>\nprint(a)\n<fim_middle>",
    "starcoder2": "<fim_prefix>a = <fim_suffix>\nprint(a)\n<fim_middle>",
    "starcoder": "<fim_prefix>a = <fim_suffix>\nprint(a)\n<fim_middle>",
    "santacoder": "<fim-prefix>a = <fim-suffix>\nprint(a)\n<fim-middle>",
    "deepseek": "<｜fim▁begin｜>a = <｜fim▁hole｜>\nprint(a)\n<｜fim▁end｜>",
    "codellama": "<PRE> a =  <SUF>\nprint(a)\n <MID>",
    "codellama-spm": "<PRE> <SUF>\nprint(a)\n <MID> a = ",
    "codegemma": "<|fim_prefix|>a = <|fim_suffix|>\nprint(a)\n<|fim_middle|>",
    "granite4": "<|fim_prefix|>a = <|fim_suffix|>\nprint(a)\n<|fim_middle|>",
    "seed-coder": "<[fim-suffix]>\nprint(a)\n<[fim-prefix]>a = <[fim-middle]>",
    "mellum": "<filename>src/main.py\n<fim_suffix>\nprint(a)\n<fim_prefix>a = <fim_middle>",
    "glm": "<|code_prefix|>a = <|code_suffix|>\nprint(a)\n<|code_middle|>",
}

_COMMENTS = "# Path: lib/one.py\n# one = 1\n#\n# Path: two.py\n# two = 2\n#\n# Path: src/main.py\n"

AMONG = {
    "codestral": (
        "[SUFFIX]\nprint(a)\n[PREFIX]+++++ lib/one.py\none = 1\n\n+++++ two.py\ntwo = 2\n\n+++++ src/main.py\na = "
    ),
    "qwen": (
        "<|repo_name|>project\n<|file_sep|>lib/one.py\none = 1\n<|file_sep|>two.py\ntwo = 2\n"
        "<|file_sep|>src/main.py\n<|fim_prefix|>a = <|fim_suffix|>\nprint(a)\n<|fim_middle|>"
    ),
    "codeqwen": (
        "<reponame>project\n<file_sep>lib/one.py\none = 1\n<file_sep>two.py\ntwo = 2\n"
        "<file_sep>src/main.py\n<fim_prefix>a = <fim_suffix>\nprint(a)\n<fim_middle>"
    ),
    "starcoder2": (
        "<repo_name>project<file_sep>lib/one.py\none = 1\n<file_sep>two.py\ntwo = 2\n"
        "<file_sep><fim_prefix>src/main.py\na = <fim_suffix>\nprint(a)\n<fim_middle>"
    ),
    "starcoder": f"<fim_prefix>{_COMMENTS}a = <fim_suffix>\nprint(a)\n<fim_middle>",
    "santacoder": f"<fim-prefix>{_COMMENTS}a = <fim-suffix>\nprint(a)\n<fim-middle>",
    "deepseek": (
        "<｜fim▁begin｜>#lib/one.py\none = 1\n#two.py\ntwo = 2\n#src/main.py\na = <｜fim▁hole｜>\nprint(a)\n<｜fim▁end｜>"
    ),
    "codellama": f"<PRE> {_COMMENTS}a =  <SUF>\nprint(a)\n <MID>",
    "codellama-spm": f"<PRE> <SUF>\nprint(a)\n <MID> {_COMMENTS}a = ",
    "codegemma": (
        "lib/one.py\none = 1\n<|file_separator|>two.py\ntwo = 2\n<|file_separator|>"
        "src/main.py\n<|fim_prefix|>a = <|fim_suffix|>\nprint(a)\n<|fim_middle|>"
    ),
    "granite4": f"<|fim_prefix|>{_COMMENTS}a = <|fim_suffix|>\nprint(a)\n<|fim_middle|>",
    "seed-coder": f"<[fim-suffix]>\nprint(a)\n<[fim-prefix]>{_COMMENTS}a = <[fim-middle]>",
    "mellum": (
        "<filename>lib/one.py\none = 1\n<filename>two.py\ntwo = 2\n"
        "<filename>src/main.py\n<fim_suffix>\nprint(a)\n<fim_prefix>a = <fim_middle>"
    ),
    "glm": f"<|code_prefix|>{_COMMENTS}a = <|code_suffix|>\nprint(a)\n<|code_middle|>",
}


@pytest.mark.parametrize("family", TEMPLATES)
def test_the_whole_prompt_of_a_file_alone(family: str) -> None:
    assert TEMPLATES[family].prompt(context()) == ALONE[family]


@pytest.mark.parametrize("family", TEMPLATES)
def test_the_whole_prompt_among_other_files(family: str) -> None:
    others = [("lib/one.py", "one = 1\n"), ("two.py", "two = 2")]
    assert TEMPLATES[family].prompt(context("a = ", "\nprint(a)\n", *others)) == AMONG[family]


@pytest.mark.parametrize("family", TEMPLATES)
def test_nothing_the_user_writes_becomes_a_control_token(family: str) -> None:
    template = TEMPLATES[family]
    evil = "".join(template.tokens)
    prompt = template.prompt(context(evil, evil, (evil, evil), path=evil))
    plain = template.prompt(context("p", "s", ("o", "t"), path="h"))
    for token in template.tokens:
        assert prompt.count(token) == plain.count(token), token


@pytest.mark.parametrize("family", TEMPLATES)
def test_ordinary_text_is_not_altered(family: str) -> None:
    code = "if a < b or {c} and d[PREFIX_LENGTH] | e > f: # <fim> %s {} é 𝒳 \t\r\n"
    assert TEMPLATES[family].plain(code) == code


@pytest.mark.parametrize("family", TEMPLATES)
def test_every_token_a_prompt_is_written_with_is_guarded(family: str) -> None:
    template = TEMPLATES[family]
    written = re.findall(r"<[^<>{}\n]+>|\[[A-Z]+\]", template.alone + template.among + template.other)
    assert set(written) <= set(template.tokens)


def test_a_cursor_in_an_empty_file_is_still_a_hole() -> None:
    assert TEMPLATES["qwen"].prompt(context("", "")) == "<|fim_prefix|><|fim_suffix|><|fim_middle|>"


def test_an_excerpt_is_commented_in_the_language_of_the_file_it_is_shown_in() -> None:
    shown = (Excerpt("a.html", Cleared("<p>\n\n</p>\n"), "open file"),)
    page = FimContext("b.html", "html", Cleared("<b>"), Cleared("</b>"), shown)
    assert TEMPLATES["granite4"].prompt(page) == (
        "<|fim_prefix|><!-- Path: a.html -->\n<!-- <p> -->\n<!-- -->\n<!-- </p> -->\n<!-- -->\n<!-- Path: b.html -->\n"
        "<b><|fim_suffix|></b><|fim_middle|>"
    )


def test_a_path_with_a_line_break_stays_one_line() -> None:
    assert "<filename>a b.py\n" in TEMPLATES["mellum"].prompt(context(path="a\nb.py"))
