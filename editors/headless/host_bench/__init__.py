"""`infill bench host`: how fast the model host is on this machine, beside `generate()` and beside what memory allows."""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import sys

from editors.headless.command import Command
from editors.headless.counts import whole
from editors.headless.exits import Exit, Stop

EXAMPLES = """\
  infill bench host                                   the shape of Qwen2.5-Coder-0.5B, 2,000 tokens of context
  infill bench host --shape 30M --json                a small one, as one JSON object
  infill bench host --shape 30M --typists 10          ten editors typing at once for a minute: is it fair, does memory grow
"""
NEEDS = ("torch", "transformers")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--shape", choices=("30M", "0.5B", "1.5B", "7B"), default="0.5B", help="of what size (0.5B)")
    parser.add_argument("--context", type=whole(), default=2000, metavar="N", help="tokens of prompt (default 2000)")
    parser.add_argument("--tokens", type=whole(), default=32, metavar="N", help="tokens of answer (default 32)")
    parser.add_argument("--editors", default="1,4,16", metavar="N,N", help="how many write at once (default 1,4,16)")
    parser.add_argument("--weights", choices=("auto", "int8", "bf16", "fp32"), default="auto")
    parser.add_argument("--threads", type=whole(), metavar="N", help="default: as the host would choose")
    parser.add_argument("--device", default="cpu", help="cpu or cuda (default cpu)")
    parser.add_argument("--no-generate", action="store_true", help="leave out transformers' generate(), which is slow")
    parser.add_argument("--typists", type=whole(), metavar="N", help="let so many editors type at once instead")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="N", help="for how long (default 60)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(arguments: argparse.Namespace) -> int:
    if any(importlib.util.find_spec(name) is None for name in NEEDS):
        from backends.installing import with_extra

        raise Stop(Exit.USAGE, f"The model host needs torch and transformers. Get them with {with_extra('host')}.")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before torch is loaded: see backends/host/jobs.py
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    from editors.headless.host_bench import crowd, measures, table
    from editors.headless.host_bench.subject import Subject

    subject = Subject.of(arguments.shape, arguments.weights, arguments.device, arguments.threads, _say)
    if arguments.typists:
        found = asyncio.run(crowd.measure(subject, arguments.typists, arguments.seconds))
        print(json.dumps(found) if arguments.json else table.of_crowd(found))
        return Exit.DONE if not found["errors"] else Exit.NOTHING
    editors = [int(word) for word in arguments.editors.split(",")]
    result = measures.measure(
        subject, arguments.context, arguments.tokens, editors, generate=not arguments.no_generate, say=_say
    )
    print(json.dumps(result) if arguments.json else table.of_measures(result))
    return Exit.DONE


def _say(message: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{message}", end="", file=sys.stderr, flush=True)


COMMAND = Command(EXAMPLES, _arguments, _run)
