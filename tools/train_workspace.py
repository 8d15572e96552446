"""Trains the two tables of the workspace model, with the `train` extra installed:

    python tools/train_workspace.py rows HISTORIES     reads the histories of REPOSITORIES, HISTORIES/OWNER+NAME/repo each
    python tools/train_workspace.py fit                makes backends/workspace/judge.npz: which token comes next
    python tools/train_workspace.py rows HISTORIES --offers
    python tools/train_workspace.py fit --offers       makes offers.npz: which of several whole lines is the right one

Lines are drawn from the commits before the ones named here; no repository of docs/benchmarks.md is among them. The guesses that
the second table learns from must be of a first table that has not seen their repositories: for the committed one it was fitted
`--without` the repositories of OFFERS, and fitted again on all of them afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backends.workspace.choose import whole_guesses
from backends.workspace.features import NAMES, State, features
from backends.workspace.library import Library, Place
from backends.workspace.model import Model
from backends.workspace.offers import NAMES as OFFER_NAMES
from backends.workspace.offers import rows_of_guesses
from backends.workspace.trees import load_trees
from context.privacy import Gate
from editors.headless.history import History
from editors.headless.past import AddedLine, Past, added_lines, points, token_spans
from editors.headless.replay import drawn

Floats = NDArray[np.float32]

COMMITS, LINES, STEPS = 500, 240, 6
"""Of each repository: the newest commits looked at, the lines drawn from them, the places asked about in a line."""
OFFERED_LINES = 140
TOKEN_TREES, OFFER_TREES = (300, 6), (80, 4)
"""How many, and how deep."""

REPOSITORIES: Mapping[str, str] = {
    "celery/celery": "5dc781f0bd5f36186bfcc74e0a4f9f654452c69b",
    "pallets/flask": "2ac89889f4cc330eabd50f295dcef02828522c69",
    "Textualize/rich": "42899d8a0a96b121a514516f4be9db44ff7aeaf3",
    "encode/starlette": "cb8f84f5284dc301ca7a31eb732b9e140769dd48",
    "fastapi/fastapi": "c3f316b7e814667e8ee81e03a7330d00ee61e45c",
    "tokio-rs/tokio": "ea91b33ca57ff0581b38e735cc108f831bccbdaa",
    "axios/axios": "23a25af0688d1db2c396deb09229d2271cc24f6c",
    "pallets/werkzeug": "1b00618e787f40dfb21eba29caf8f8be7c8e1d93",
    "psf/black": "8947c48ef2077c3a301b03c1e814dc2e3f78436e",
    "psf/requests": "1f6589ec3a1ee910f9a65cc3ceac60b26677bc0e",
    "pallets/jinja": "5ef70112a1ff19c05324ff889dd30405b1002044",
    "gin-gonic/gin": "dcaa4296d111981ffb31ac3eba90bb63e1eb5ab9",
    "vuejs/core": "e2bede96134f757aad5c5b33ac9be055022dbfc8",
    "clap-rs/clap": "6982fb1c98c7247e38a6d4f04191b94e30497e7b",
}
OFFERS = ("pallets/werkzeug", "psf/black", "psf/requests", "pallets/jinja")
"""Repositories whose guesses the second table was trained on."""


def states(line: AddedLine, library: Library, chance: random.Random) -> Iterator[tuple[Model, State, str]]:
    """Places of one line as the decoder would meet them, each with the text of the token that truly came next ("" for the
    line's end)."""
    for text in line.so_far():
        library.observe(line.path, line.language, text)
    before, after = line.around()
    spans = token_spans(line.text, line.language)
    places = [(start, line.text[start:end]) for start, end, _ in spans] + [(len(line.text.rstrip()), "")]
    for start, truth in chance.sample(places, min(STEPS, len(places))):
        cut = start
        if truth and (truth[0].isalpha() or truth[0] in "_\"'") and len(truth) > 2 and chance.random() < 0.4:
            cut += chance.randint(1, min(4, len(truth) - 1))
        prefix = line.text[:cut]
        if not truth and prefix[-1:].isalnum():
            prefix += " "
        found = library.at(Place(line.path, line.language, before + prefix, after))
        if found is not None:
            model, begin = found.model, found.start
            if begin.started and not truth.startswith(begin.started):
                continue
            yield model, State(begin.context, begin.line, begin.opened, begin.started, begin.then), truth


def rows_of(folder: Path, newest: str, seed: int) -> Iterator[tuple[Floats, NDArray[np.bool_]]]:
    """(features, labels) of each place."""
    history = History(folder)
    past = Past(history)
    chance = random.Random(seed)
    pool = [line for commit in history.commits(COMMITS, start=newest) for line in added_lines(history, commit)]
    drawn = sorted(chance.sample(range(len(pool)), min(LINES, len(pool))))
    for commit, numbers in groupby(drawn, key=lambda number: pool[number].commit):
        library = Library(Gate())
        library.adopt(past.index(commit.parent))
        for number in numbers:
            for model, state, truth in states(pool[number], library, chance):
                weighed = model.weighed(state)
                if weighed is not None:
                    counts, mixture, chosen = weighed
                    table = features(counts, mixture, chosen, state, model.usage, model.vocabulary, model.suffix_token)
                    labels = np.array([model.vocabulary.text(t) == truth for t in counts.tokens[chosen].tolist()])
                    yield table, labels
    history.close()


async def offers_of(folder: Path, newest: str, seed: int) -> list[tuple[Floats, NDArray[np.bool_]]]:
    """(features, labels) of the guesses at each cursor."""
    history = History(folder)
    past = Past(history)
    chance = random.Random(seed)
    judge, clock = load_trees("judge.npz"), Now()
    found: list[tuple[Floats, NDArray[np.bool_]]] = []
    for commit, lines in drawn(history, OFFERED_LINES, COMMITS, seed, newest):
        library = Library(Gate(), judge)
        library.adopt(past.index(commit.parent))
        for line in lines:
            for text in line.so_far():
                library.observe(line.path, line.language, text)
            before, after = line.around()
            for point in [*points(line, chance), *points(line, chance)[1:]]:
                cursor = library.at(Place(line.path, line.language, before + line.text[: point.column], after))
                if cursor is None:
                    continue
                guesses = await whole_guesses(cursor, clock)
                if guesses:
                    right = [guess.text == point.truth.rstrip() for guess in guesses]
                    found.append((rows_of_guesses(guesses, cursor), np.array(right, np.bool_)))
    history.close()
    return found


class Now:
    """A clock that never waits."""

    def now(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        pass


def read(histories: Path, rows: Path, only: Sequence[str], offers: bool) -> None:
    rows.mkdir(parents=True, exist_ok=True)
    for name, newest in REPOSITORIES.items():
        if (offers and name not in OFFERS) or (only and name not in only):
            continue
        folder = histories / name.replace("/", "+") / "repo"
        places = asyncio.run(offers_of(folder, newest, 7)) if offers else list(rows_of(folder, newest, 7))
        tables, labels = [table for table, _ in places], [label for _, label in places]
        np.savez(rows / f"{name.replace('/', '+')}.npz", x=np.concatenate(tables), y=np.concatenate(labels))
        right = np.mean([label.any() for label in labels])
        print(f"{name}: {len(places)} places, the truth is among the offers in {100 * right:.1f} %", flush=True)


def fit(rows: Path, target: Path, without: Sequence[str], names: Sequence[str], trees: int, deep: int) -> None:
    from catboost import CatBoostClassifier

    tables = [np.load(path) for path in sorted(rows.glob("*.npz")) if path.stem.replace("+", "/") not in without]
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
    model.fit(np.concatenate([table["x"] for table in tables]), np.concatenate([table["y"] for table in tables]))
    model.save_model(str(rows / "model.json"), format="json")
    table = json.loads((rows / "model.json").read_text())
    found = table["oblivious_trees"]
    feature = np.zeros((len(found), deep), np.int16)
    border = np.full((len(found), deep), np.inf, np.float32)
    leaf = np.zeros((len(found), 2**deep), np.float32)
    scale, (bias,) = table["scale_and_bias"]
    for number, tree in enumerate(found):
        for depth, split in enumerate(tree["splits"]):
            feature[number, depth], border[number, depth] = split["float_feature_index"], split["border"]
        values = np.array(tree["leaf_values"], np.float32) * scale
        leaf[number] = np.resize(values, 2**deep)
    np.savez_compressed(target, feature=feature, border=border, leaf=leaf, bias=bias, names=json.dumps(names))
    importance = sorted(zip(model.get_feature_importance(), names, strict=True), reverse=True)
    print(", ".join(f"{name} {share:.1f}" for share, name in importance[:20]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, default=Path("build/rows"), help="where the rows are kept")
    steps = parser.add_subparsers(dest="step", required=True)
    reading = steps.add_parser("rows")
    reading.add_argument("histories", type=Path)
    reading.add_argument("--only", nargs="*", default=())
    fitting = steps.add_parser("fit")
    fitting.add_argument("--without", nargs="*", default=(), help="repositories to keep for validation")
    fitting.add_argument("--target", type=Path)
    for step in (reading, fitting):
        step.add_argument("--offers", action="store_true", help="the second table")
    arguments = parser.parse_args()
    offers: bool = arguments.offers
    rows = arguments.rows / ("offers" if offers else "tokens")
    if arguments.step == "rows":
        read(arguments.histories, rows, arguments.only, offers)
    else:
        target = arguments.target or Path("backends/workspace", "offers.npz" if offers else "judge.npz")
        fit(
            rows, target, arguments.without, OFFER_NAMES if offers else NAMES, *(OFFER_TREES if offers else TOKEN_TREES)
        )


if __name__ == "__main__":
    main()
