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
from concurrent.futures import ProcessPoolExecutor
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
STEPS = 50
ENOUGH = 1e-6
"""The share of the loss that a step must still take away for another one to be made."""

REPOSITORIES: Mapping[str, str] = {
    "pallets/flask": "2ac89889f4cc330eabd50f295dcef02828522c69",
    "psf/requests": "1f6589ec3a1ee910f9a65cc3ceac60b26677bc0e",
    "encode/starlette": "cb8f84f5284dc301ca7a31eb732b9e140769dd48",
    "pallets/jinja": "5ef70112a1ff19c05324ff889dd30405b1002044",
    "scrapy/scrapy": "11079cb1c85b9e75a39a7269943c69d1a975d485",
    "pallets/werkzeug": "1b00618e787f40dfb21eba29caf8f8be7c8e1d93",
    "Textualize/rich": "42899d8a0a96b121a514516f4be9db44ff7aeaf3",
    "urllib3/urllib3": "6a8536b6e1b0cbe69ae801337c599951e527ae29",
    "marshmallow-code/marshmallow": "341b927f219205704728c05cd61f04d7e9727523",
    "python-attrs/attrs": "c1dc5dcba16ed827aa6dcad896b41a3afedb4e32",
    "psf/black": "8947c48ef2077c3a301b03c1e814dc2e3f78436e",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("histories", type=Path, help="the folder with the repositories' histories")
    parser.add_argument("--processes", type=int, default=2, help="repositories read at the same time (default 2)")
    arguments = parser.parse_args()
    folders = [arguments.histories / name.replace("/", "+") / "repo" for name in REPOSITORIES]
    rows: list[Floats] = []
    needed: list[Floats] = []
    with ProcessPoolExecutor(arguments.processes) as pool:
        read = pool.map(_read, folders, REPOSITORIES.values())
        for name, (some, which) in zip(REPOSITORIES, read, strict=True):
            rows.append(some)
            needed.append(which)
            print(f"{name}: {len(some)} names, {which.sum():.0f} of them needed", flush=True)
    bias, weights = fit(np.concatenate(rows), np.concatenate(needed))
    print(f"BIAS = {bias:.2f}")
    for sign, weight in zip((*SOURCES, *USES, *LOOKS), weights, strict=True):
        print(f'    "{sign}": {weight:.2f},')


def _read(folder: Path, commit: str) -> tuple[Floats, Floats]:
    """The names of one repository's holes, a row each, and which of them were needed (1 or 0); of the others a part."""
    chance = np.random.default_rng(1)
    history = History(folder)
    kept = [(row, wanted) for row, wanted in _names(history, commit) if wanted or chance.random() < KEPT]
    history.close()
    return np.array([row for row, _ in kept]), np.array([wanted for _, wanted in kept], dtype=float)


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
    loss = _loss(values, needed, counts, ridge, found)
    for _ in range(STEPS):
        chances = 1 / (1 + np.exp(-np.clip(values @ found, -40, 40)))
        slope = values.T @ (counts * (chances - needed)) + ridge * found
        bend = (values * (counts * chances * (1 - chances))[:, None]).T @ values + np.diag(ridge)
        step = np.linalg.solve(bend, slope)
        # A whole step overshoots where hardly any name has a sign, and the next one would take it back.
        while (after := _loss(values, needed, counts, ridge, found - step)) > loss:
            step /= 2
        found -= step
        if loss - after < ENOUGH * loss:
            break
        loss = after
    weights = found[:-1] / spread * told
    return float(found[-1] - weights @ mean), weights


def _loss(values: Floats, needed: Floats, counts: Floats, ridge: Floats, found: Floats) -> float:
    """What is least where the chances fit best: the surprise of what was needed and what was not, and the ridge."""
    told = values @ found
    return float((counts * (np.logaddexp(0, told) - needed * told)).sum() + (ridge * found * found).sum() / 2)


if __name__ == "__main__":
    main()
