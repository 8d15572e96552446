"""Fits the weights of `context/evidence.py`, by which the lines are chosen that a model sees:

    python tools/train_context.py HISTORIES       reads the histories of REPOSITORIES, HISTORIES/OWNER+NAME/repo each

Holes are drawn as `infill bench context` draws them, from commits before the ones named here; no repository of the tables
of this measurement in docs/benchmarks.md is among them. For every name that was found for a hole it is known what speaks for it
(`context/signs.py`) and whether the hidden code needs it; a logistic regression with a little ridge makes one weight a sign.
Prints the table. Weights of sources that no hole in a commit has finds of come out as 0 and are set by judgement.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from context.around import around
from context.gather import SOURCES as ASKED
from context.signs import LOOKS, SOURCES, USES, looks, signs
from context.windows import windows
from editors.headless.context import Workspace
from editors.headless.history import History
from editors.headless.holes import WINDOW_AFTER, WINDOW_BEFORE, holes

Floats = NDArray[np.float64]

COMMITS, HOLES = 2500, 200
"""Of each repository: the newest commits looked at, and the lines and as many blocks drawn from them."""

KEPT = 0.06
"""The share of the names nobody needed that is kept; each then counts for as many as it stands for."""

RIDGE = 5.0
STEPS = 12

REPOSITORIES: Mapping[str, str] = {
    "pallets/flask": "2ac89889f4cc330eabd50f295dcef02828522c69",
    "psf/requests": "1f6589ec3a1ee910f9a65cc3ceac60b26677bc0e",
    "encode/starlette": "cb8f84f5284dc301ca7a31eb732b9e140769dd48",
    "pallets/jinja": "5ef70112a1ff19c05324ff889dd30405b1002044",
    "scrapy/scrapy": "11079cb1c85b9e75a39a7269943c69d1a975d485",
    "pallets/werkzeug": "1b00618e787f40dfb21eba29caf8f8be7c8e1d93",
    "Textualize/rich": "42899d8a0a96b121a514516f4be9db44ff7aeaf3",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("histories", type=Path, help="the folder with the repositories' histories")
    histories = parser.parse_args().histories
    chance = np.random.default_rng(1)
    rows: list[list[float]] = []
    needed: list[bool] = []
    for name, commit in REPOSITORIES.items():
        history = History(histories / name.replace("/", "+") / "repo")
        for row, wanted in _names(history, commit):
            if wanted or chance.random() < KEPT:
                rows.append(row)
                needed.append(wanted)
        history.close()
        print(f"{name}: {len(rows)} names, {sum(needed)} of them needed", flush=True)
    bias, weights = fit(np.array(rows), np.array(needed, dtype=float))
    print(f"BIAS = {bias:.2f}")
    for sign, weight in zip((*SOURCES, *USES, *LOOKS), weights, strict=True):
        print(f'    "{sign}": {weight:.2f},')


def _names(history: History, start: str) -> Iterator[tuple[list[float], bool]]:
    """Every name found for every hole: its signs, and whether it is needed."""
    with Workspace(history) as workspace:
        for hole in holes(history, count=HOLES, seed=7, commits=COMMITS, start=start):
            if hole.needed:
                workspace.enter(hole.commit)
                cursor, desk = workspace.cursor(hole), workspace.desk(hole)
                place = around(cursor, windows(cursor, WINDOW_BEFORE, WINDOW_AFTER))
                found = [one for _, look in ASKED for one in look(cursor, desk, place)]
                names, rows = signs(found, place)
                for name, row in zip(names, rows.tolist(), strict=True):
                    yield [*row, *looks(name)], name in hole.needed


def fit(rows: Floats, needed: Floats) -> tuple[float, Floats]:
    """Bias and weights of the regression, by Newton's method on standardized values."""
    counts = np.where(needed > 0, 1.0, 1 / KEPT)
    mean, spread = rows.mean(0), rows.std(0)
    told = spread > 1e-5
    spread = np.where(told, spread, 1.0)
    values = np.hstack([(rows - mean) / spread * told, np.ones((len(rows), 1))])
    ridge = np.full(values.shape[1], RIDGE)
    ridge[-1] = 1e-6
    found = np.zeros(values.shape[1])
    found[-1] = np.log(needed.sum() / (counts.sum() - needed.sum()))
    for _ in range(STEPS):
        chances = 1 / (1 + np.exp(-np.clip(values @ found, -40, 40)))
        slope = values.T @ (counts * (chances - needed)) + ridge * found
        bend = (values * (counts * chances * (1 - chances))[:, None]).T @ values + np.diag(ridge)
        found -= _short(np.linalg.solve(bend, slope))
    weights = found[:-1] / spread * told
    return float(found[-1] - weights @ mean), weights


def _short(step: Floats) -> Floats:
    """A step of at most 1 in every direction: the first ones would overshoot."""
    return step / max(1.0, float(np.abs(step).max()))


if __name__ == "__main__":
    main()
