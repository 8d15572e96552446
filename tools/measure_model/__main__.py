"""Measures the model host with a real model on real code.

    .venv/bin/python -m tools.measure_model --model FOLDER healing drafts rounding typing --projects requests click gin

FOLDER is what `infill serve` takes; `tools/from_gguf.py` makes one. The tables of docs/benchmarks.md come from here.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.measure_model")
    parser.add_argument("measures", nargs="+", choices=("healing", "drafts", "rounding", "typing"))
    parser.add_argument("--model", required=True, type=Path, metavar="FOLDER")
    parser.add_argument("--projects", required=True, nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--cursors", type=int, default=100, help="of each project (100)")
    parser.add_argument("--above", type=int, default=2000, help="characters of text above a cursor (2000)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before torch is loaded: see backends/host/jobs.py
    from tools.measure_model import drafts, healing, rounding, typed
    from tools.measure_model.cursors import drawn

    cursors = drawn(arguments.projects, arguments.cursors, arguments.above, arguments.seed)
    print(f"{arguments.model.name}: {len(cursors)} cursors of {len(arguments.projects)} projects", flush=True)
    measures = {"healing": healing, "drafts": drafts, "rounding": rounding, "typing": typed}
    for name in arguments.measures:
        for line in measures[name].measured(arguments.model, cursors, arguments.threads):
            print(line, flush=True)


if __name__ == "__main__":
    main()
