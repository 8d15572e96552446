"""The words with which models steer themselves; none of them is ever part of somebody's code."""

from __future__ import annotations

import re

CONTROL_TOKEN = re.compile(
    r"<\|[\w▁-]{2,40}\|>"  # <|endoftext|>, <|fim_middle|>, <|im_end|>, <|file_sep|>
    r"|<｜[^｜\n]{2,40}｜>"  # DeepSeek: full-width bars
    r"|<fim[_-](?:prefix|middle|suffix|pad)>"
    r"|[▁ ]?<(?:PRE|SUF|MID|EOT|EOS|END|unk|pad|file_sep|repo_name|filename|gh_stars|reponame|jupyter_\w+)>"
    r"|\[(?:PREFIX|MIDDLE|SUFFIX|/?INST)\]"
    r"|</s>\s*\Z"
    r"|^\+{5} \S.*$",  # Codestral: the header of the next file in a prompt of several
    re.MULTILINE,
)
