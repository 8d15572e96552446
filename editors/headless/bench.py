"""`infill bench`: one visible table of benches, each a module with a command of its own."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from importlib import import_module

from editors.headless.command import Command
from editors.headless.exits import Exit
from editors.headless.scratch import tidy

BENCHES: Mapping[str, tuple[str, str]] = {
    # name: module below editors/headless, and what it does
    "compare": ("comparing", "Compare backends, models or settings on the same questions."),
    "context": ("bench_context", "Measure which needed names the context brings, beside simpler methods."),
    "fim": ("fim.command", "Measure a model on public sets of holes in code."),
    "host": ("host_bench", "Measure the model host on this machine, beside generate() and the memory's limit."),
    "latency": ("latency", "Replay typing sessions against a model of any speed, beside a baseline."),
    "replay": ("replaying", "Measure completion on a repository's own history."),
    "selftest": ("selftest.command", "Measure what becomes of damaged answers, of prompts, and of requests."),
    "workspace": ("workspace_bench", "Measure the workspace model's processor time and memory, in a million lines."),
}

EXAMPLES = """\
  infill bench host                  how fast the model host is on this machine
  infill bench latency               how long until something is to be seen, and what it costs
  infill bench context .             which names of a repository's own new lines the context would have brought
  infill bench replay .              how good completion would have been on a repository's own commits
  infill bench fim DATA.jsonl        how good a model is on a public set
  infill bench selftest              whether Infill does what it says, with a model that is only imagined
  infill bench workspace             what the workspace model costs, in a million lines
  infill bench compare A.jsonl B.jsonl   which of two runs was better, and whether that is real
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    benches = parser.add_subparsers(title="benches", metavar="BENCH")
    parser.set_defaults(bench=None)
    for name, (module, summary) in BENCHES.items():
        bench: Command = import_module(f"editors.headless.{module}").COMMAND
        one = benches.add_parser(
            name,
            help=summary,
            description=summary,
            epilog=f"examples:\n{bench.examples}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        bench.arguments(one)
        one.set_defaults(bench=bench, of=one)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.bench is None:
        print("Which bench? " + ", ".join(BENCHES) + "; see `infill bench --help`.")
        return Exit.USAGE
    tidy()
    code: int = arguments.bench.run(arguments)
    return code


COMMAND = Command(EXAMPLES, _arguments, _run)
