"""Getting the code, or the JSON, out of what a model wrote. What cannot be read is declined with a reason it can act on."""

from __future__ import annotations

import json
import re
from typing import Any

from lsp_server.actions.outcome import Declined

FENCE = re.compile(r"^[ \t]*+(`{3,}+)[ \t]*+([\w+#.-]*+)[ \t]*+$", re.MULTILINE)


def fence_for(text: str) -> str:
    """A Markdown fence longer than any run of backticks in the text."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(3, longest + 1)


def code_in(answer: str, fence: str) -> str | Declined:
    """The one code block of an answer; prose around it is left out. An answer without any block is not code."""
    marks = [match for match in FENCE.finditer(answer.replace("\r\n", "\n")) if len(match[1]) >= len(fence)]
    text = answer.replace("\r\n", "\n")
    if not marks:
        return Declined("The answer holds no code block.")
    if len(marks) == 1:
        return Declined("The answer breaks off inside its code block.")
    if len(marks) > 2:
        return Declined("The answer holds several code blocks, and which one is meant cannot be known.")
    return text[marks[0].end() + 1 : marks[1].start()]


def json_in(answer: str) -> Any:
    """The JSON object of an answer, also out of a code block or with prose around it; `Declined` where there is none."""
    text = answer.strip()
    block = FENCE.search(text)
    candidates = [text]
    if block:
        closing = FENCE.search(text, block.end())
        candidates.append(text[block.end() : closing.start() if closing else len(text)])
    if "{" in text:
        candidates.append(text[text.index("{") : text.rindex("}") + 1] if "}" in text else "")
    for candidate in candidates:
        try:
            found = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    return Declined("The answer is not the JSON object that was asked for.")
