"""The words with which models steer themselves; none of them is ever part of somebody's code."""

from __future__ import annotations

import re

from lsp_server.place import Place

_TOKEN = re.compile(
    r"<\|[\w▁-]{2,40}\|>"  # <|endoftext|>, <|fim_middle|>, <|im_end|>, <|file_sep|>
    r"|<｜[^｜\n]{2,40}｜>"  # DeepSeek: full-width bars
    r"|<fim[_-](?:prefix|middle|suffix|pad)>"
    r"|[▁ ]?<(?:PRE|SUF|MID|EOT|EOS|END|unk|pad|file_sep|repo_name|filename|gh_stars|reponame|jupyter_\w+)>"
    r"|\[(?:PREFIX|MIDDLE|SUFFIX|/?INST)\]"
    r"|</s>\s*\Z"
    r"|^\+{5} \S.*$",  # Codestral: the header of the next file in a prompt of several
    re.MULTILINE,
)


def control_token(text: str, place: Place) -> re.Match[str] | None:
    """The first control token in an answer; none in a file about models, where tokens around are the author's own text."""
    return next((token for token in _TOKEN.finditer(text) if token[0] not in place.above + place.below), None)
