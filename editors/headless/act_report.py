"""How actions report, whichever they are: the reason why not, and what was used."""

from __future__ import annotations

import json
import sys
from typing import Any

from backends.api import Card, Usage
from editors.headless.exits import Exit
from editors.headless.terminal import visible
from lsp_server.actions.outcome import Declined
from lsp_server.usage import cost_of


def declined(result: Declined, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"done": False, "reason": result.reason}, indent=2))
    else:
        print(f"infill: {visible(result.reason)}", file=sys.stderr)
    return Exit.NOTHING


def paid(card: Card, usage: Usage) -> dict[str, Any]:
    """Who answered, the tokens, and US dollars at the published price."""
    tokens = {"prompt": usage.prompt, "completion": usage.completion, "cached": usage.cached}
    return {"backend": card.name, "model": card.model, "usage": tokens, "cost": round(cost_of(usage, card), 6)}
