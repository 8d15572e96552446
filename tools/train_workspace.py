"""Trains the tables of the workspace model, with the `train` extra installed. HISTORIES holds OWNER+NAME/repo each:

    python tools/train_workspace.py HISTORIES

`tools/workspace_past.py` names the commits that lines are drawn from. The steps, each of which can also be asked for alone:

    rows tokens     places, and which token truly came next
    fit halves      two judges of tokens, each of which has not seen the other's half
    rows places     lines nearby, and which of them truly came next, for every third repository
    fit rough       what makes a line worth comparing
    rows lines      the lines compared, and which of them truly came next
    rows guesses    whole guesses by hand, and how far guesses unasked were right
    fit tables      judge.npz, lines.npz, offers.npz beside the code; without the offers for each half too

Rows that are there already are not made again, so that a run that was stopped goes on: remove their folder after a change of
the features or of what is drawn. `tools/workspace_floors.py` then shows what floors of confidence would do.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backends.workspace import whole_lines
from backends.workspace.features import NAMES
from backends.workspace.offers import NAMES as OFFER_NAMES
from backends.workspace.trees import read_trees
from tools.workspace_past import (
    ABOUT,
    GUESSED,
    HALVES,
    PER_COMMIT,
    TAKEN,
    WHOLE_PER_COMMIT,
    file_name,
    other,
    written,
)
from tools.workspace_rows import Maker, Rows, line_rows, offer_rows, place_rows, sure_rows, token_rows

TOKEN_TREES, LINE_TREES, OFFER_TREES = (300, 6), (160, 6), (80, 4)
"""How many, and how deep."""

MAKERS: Mapping[str, Mapping[str, Maker]] = {
    "tokens": {"tokens": token_rows},
    "places": {"places": place_rows},
    "lines": {},
    "guesses": {"offers": offer_rows, "sureness": sure_rows},
}
STEPS = ("rows tokens", "fit halves", "rows places", "fit rough", "rows lines", "rows guesses", "fit tables")
ROUGH_FROM = 3
"""Places are taken from every so many repositories: twenty weights need no more."""


def read(what: str, histories: Path, folder: Path, processes: int) -> None:
    """Makes the rows of one step, repository by repository."""
    makers = dict(MAKERS[what])
    if what == "lines":
        makers["lines"] = line_rows(np.load(folder / "rough.npy"))
    for kind in makers:
        (folder / kind).mkdir(parents=True, exist_ok=True)
    wanted = _rough_from() if what == "places" else _everything()
    missing = [
        (half, name)
        for half, names in HALVES.items()
        for name in names
        if name in wanted and not all((folder / kind / f"{file_name(name)}.npz").exists() for kind in makers)
    ]
    with ProcessPoolExecutor(processes) as pool:
        for said in pool.map(partial(_read, makers, histories, folder), *zip(*missing, strict=True)) if missing else ():
            print(said, flush=True)


def _read(makers: Mapping[str, Maker], histories: Path, folder: Path, half: str, name: str) -> str:
    judge = read_trees((folder / other(half) / "judge.npz").read_bytes()) if "tokens" not in makers else None
    chance = random.Random(7)
    found: dict[str, list[Rows]] = {kind: [] for kind in makers}
    commits = TAKEN if "tokens" in makers else GUESSED
    per_commit = WHOLE_PER_COMMIT if "lines" in makers else PER_COMMIT
    trees = folder / "trees" / file_name(name)
    for library, line in written(histories, trees, name, HALVES[half][name], judge, commits, per_commit):
        for kind, maker in makers.items():
            found[kind] += maker(library, line, chance)
    for kind, rows in found.items():
        target = folder / kind / f"{file_name(name)}.npz"
        partly = target.with_name(f"partly-{target.name}")
        np.savez(partly, **{key: np.concatenate([row[key] for row in rows]) for key in ("x", "y", "w")})
        partly.replace(target)
    said = (f"{len(rows)} {kind}, {100 * _found(rows):.1f} % with a right one" for kind, rows in found.items())
    return f"{name}: {'; '.join(said)}"


def _found(rows: Sequence[Rows]) -> float:
    """The share of places where one of the candidates was right."""
    return float(np.mean([row["y"].any() for row in rows]))


def together(folder: Path, names: Iterable[str]) -> Rows:
    tables = [np.load(folder / f"{file_name(name)}.npz") for name in names]
    return {key: np.concatenate([table[key] for table in tables]) for key in ("x", "y", "w")}


def boosted(rows: Rows, trees: int, deep: int, names: Sequence[str]) -> Rows:
    from catboost import CatBoostClassifier, Pool

    model = CatBoostClassifier(
        iterations=trees,
        depth=deep,
        learning_rate=0.09,
        l2_leaf_reg=5,
        border_count=64,
        random_seed=0,
        verbose=0,
        allow_writing_files=False,
    )
    model.fit(Pool(rows["x"], rows["y"].astype(int), weight=rows["w"]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.json")
        model.save_model(str(path), format="json")
        table = json.loads(path.read_text())
    found = table["oblivious_trees"]
    feature = np.zeros((len(found), deep), np.int16)
    border = np.full((len(found), deep), np.inf, np.float32)
    leaf = np.zeros((len(found), 2**deep), np.float32)
    scale, (bias,) = table["scale_and_bias"]
    for number, tree in enumerate(found):
        for depth, split in enumerate(tree["splits"]):
            feature[number, depth], border[number, depth] = split["float_feature_index"], split["border"]
        leaf[number] = np.resize(np.array(tree["leaf_values"], np.float32) * scale, 2**deep)
    importance = sorted(zip(model.get_feature_importance(), names, strict=True), reverse=True)
    print(", ".join(f"{name} {share:.1f}" for share, name in importance[:20]))
    return {"feature": feature, "border": border, "leaf": leaf, "bias": bias, "names": np.array(json.dumps(names))}


def logistic(rows: Rows) -> NDArray[np.float64]:
    """Weights and a last one for the constant, by Newton's method, held a little towards 0."""
    x = np.c_[rows["x"].astype(np.float64), np.ones(len(rows["x"]))]
    found: NDArray[np.float64] = np.zeros(x.shape[1])
    for _ in range(30):
        share = 1 / (1 + np.exp(-x @ found))
        bend = rows["w"] * share * (1 - share) + 1e-9
        found += np.linalg.solve(
            (x * bend[:, None]).T @ x + np.eye(x.shape[1]), x.T @ (rows["w"] * (rows["y"] - share)) - found
        )
    return found


def sureness(rows: Rows) -> NDArray[np.float32]:
    """(3, 2): slope and shift for each kind of cursor."""
    kinds = rows["x"][:, 0]
    parts = [{"x": rows["x"][kinds == k, 1:], "y": rows["y"][kinds == k], "w": rows["w"][kinds == k]} for k in range(3)]
    return np.array([logistic(part) for part in parts], np.float32)


def fit_halves(folder: Path) -> None:
    for half, names in HALVES.items():
        (folder / half).mkdir(exist_ok=True)
        judge = boosted(together(folder / "tokens", names), *TOKEN_TREES, NAMES)
        np.savez_compressed(folder / half / "judge.npz", **judge)


def fit_rough(folder: Path) -> None:
    np.save(folder / "rough.npy", logistic(together(folder / "places", _rough_from()))[:-1].astype(np.float32))


def fit_tables(folder: Path, target: Path) -> None:
    for half, names in HALVES.items():
        np.savez_compressed(folder / half / "lines.npz", **_lines(folder, names))
        np.save(folder / half / "sureness.npy", sureness(together(folder / "sureness", names)))
    everything = _everything()
    judge = boosted(together(folder / "tokens", everything), *TOKEN_TREES, NAMES)
    judge["sureness"] = sureness(together(folder / "sureness", everything))
    offers = boosted(together(folder / "offers", everything), *OFFER_TREES, OFFER_NAMES)
    for name, table in (("judge", judge), ("lines", _lines(folder, everything)), ("offers", offers)):
        np.savez_compressed(target / f"{name}.npz", **table, about=np.array(json.dumps(ABOUT)))


def _lines(folder: Path, names: Iterable[str]) -> Rows:
    found = boosted(together(folder / "lines", names), *LINE_TREES, whole_lines.NAMES)
    return {**found, "rough": np.load(folder / "rough.npy")}


def _everything() -> list[str]:
    return [name for names in HALVES.values() for name in names]


def _rough_from() -> list[str]:
    return _everything()[::ROUGH_FROM]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("histories", type=Path)
    parser.add_argument("--step", choices=STEPS, action="append", help="only this one; may be said again")
    parser.add_argument("--rows", type=Path, default=Path("build/rows"), help="where the rows are kept")
    parser.add_argument("--target", type=Path, default=Path("backends/workspace"), help="where the tables go")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    folder: Path = arguments.rows
    for step in arguments.step or STEPS:
        do, what = step.split()
        if do == "rows":
            read(what, arguments.histories, folder, arguments.processes)
        elif what == "tables":
            fit_tables(folder, arguments.target)
        else:
            {"halves": fit_halves, "rough": fit_rough}[what](folder)


if __name__ == "__main__":
    main()
