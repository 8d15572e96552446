"""Markdown as an editor draws it, and what must not come of that: a request to somewhere, a script, a command."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt


def drawn(text: str) -> str:
    """As VS Code draws it: bare addresses become links, but not every word with a dot in it, which a file's name is too."""
    reader = MarkdownIt("gfm-like", {"html": True})
    assert reader.linkify is not None
    reader.linkify.set({"fuzzy_link": False})
    return str(reader.render(text))


def check_is_harmless(html: str) -> None:
    assert not re.search(
        r"<(?!/?(?:p|h\d|ul|ol|li|code|pre|em|strong|a|blockquote|hr|br|table|t[rhdbo]\w*|s|del)\b)", html
    ), html
    assert not re.search(r"<\w+[^>]*\s(?:src|on\w+|style)=", html), html
    for target in re.findall(r'href="([^"]*)"', html):
        assert re.fullmatch(r"(?:\./)?\w[\w./+-]*(?:(?::|#L)\d+(?:-L?\d+)?)?", target), target
