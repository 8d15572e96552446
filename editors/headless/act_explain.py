"""`infill act explain`: Markdown, streamed to the terminal line by line."""

from __future__ import annotations

import argparse
import json
import sys

from editors.headless.act_report import declined, paid
from editors.headless.exits import Exit
from editors.headless.hand import Hand
from editors.headless.terminal import visible
from lsp_server.actions.outcome import Declined


async def run(hand: Hand, arguments: argparse.Namespace) -> int:
    snapshot, start, end = arguments.where.open()
    hand.must_talk()
    hand.open(snapshot)

    def show(text: str) -> None:
        if not arguments.json:
            print(visible(text), end="", flush=True)

    told = await hand.acts.explain(snapshot, start, end, watch=show, report=hand.report)
    if isinstance(told, Declined):
        return declined(told, as_json=arguments.json)
    if arguments.json:
        print(json.dumps({"done": True, "markdown": told.markdown, **paid(hand.acts.card, told.usage)}, indent=2))
    else:
        print(flush=True)
        if sys.stderr.isatty():
            print(f"{hand.acts.card.model}: {told.usage.prompt} + {told.usage.completion} tokens", file=sys.stderr)
    return Exit.DONE
