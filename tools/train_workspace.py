"""Trains the tables of the workspace model, with the `train` extra installed. HISTORIES holds OWNER+NAME/repo each:

    python tools/train_workspace.py rows tokens HISTORIES       places, and which token truly came next
    python tools/train_workspace.py fit halves                  two judges of tokens, each of which has not seen the other's half
    python tools/train_workspace.py rows places HISTORIES       lines nearby, and which of them truly came next
    python tools/train_workspace.py fit rough                   what makes a line worth comparing
    python tools/train_workspace.py rows lines HISTORIES        the lines compared
    python tools/train_workspace.py rows offers HISTORIES       whole guesses by hand
    python tools/train_workspace.py rows sureness HISTORIES     how far guesses unasked were right
    python tools/train_workspace.py fit tables                  judge.npz, lines.npz, offers.npz beside the code

What is learned from guesses of the judge of tokens is learned from a judge that has not seen their repository: half by half.
Lines are drawn from the commits before the ones named here; no repository of docs/benchmarks.md is among them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.workspace import pool, whole_lines
from backends.workspace.choose import SHORTEST, whole_guesses
from backends.workspace.decode import greedy
from backends.workspace.features import NAMES, State, features
from backends.workspace.library import Library, Place
from backends.workspace.lines import hash_of
from backends.workspace.offers import NAMES as OFFER_NAMES
from backends.workspace.offers import Cursor, rows_of_guesses
from backends.workspace.shape import shape_of
from backends.workspace.trees import Trees, read_trees
from context.privacy import Gate
from editors.headless.history import History
from editors.headless.past import AddedLine, Past, Point, added_lines, points, token_spans

Rows = dict[str, NDArray[Any]]

COMMITS, PER_COMMIT, TAKEN = 1000, 3, 42
"""Of each repository: the newest commits looked at, the lines drawn from one, the commits that lines are drawn from."""
STEPS = 4
"""Places asked about in a line, besides its first."""
TOKEN_TREES, LINE_TREES, OFFER_TREES = (240, 6), (100, 5), (80, 4)
"""How many, and how deep."""
SURE_FROM, FLOORS = 0.2, (0.45, 0.55, 0.65, 0.75, 0.85)
"""Guesses are followed down to the first; offers are taken at each of the others."""

FIRST_HALF: Mapping[str, str] = {
    "celery/celery": "5dc781f0bd5f36186bfcc74e0a4f9f654452c69b",
    "gin-gonic/gin": "dcaa4296d111981ffb31ac3eba90bb63e1eb5ab9",
    "pallets/flask": "2ac89889f4cc330eabd50f295dcef02828522c69",
    "psf/black": "8947c48ef2077c3a301b03c1e814dc2e3f78436e",
    "psf/requests": "1f6589ec3a1ee910f9a65cc3ceac60b26677bc0e",
    "python-attrs/attrs": "c1dc5dcba16ed827aa6dcad896b41a3afedb4e32",
    "tokio-rs/tokio": "ea91b33ca57ff0581b38e735cc108f831bccbdaa",
}
SECOND_HALF: Mapping[str, str] = {
    "Textualize/rich": "42899d8a0a96b121a514516f4be9db44ff7aeaf3",
    "axios/axios": "23a25af0688d1db2c396deb09229d2271cc24f6c",
    "clap-rs/clap": "6982fb1c98c7247e38a6d4f04191b94e30497e7b",
    "colinhacks/zod": "e516c3baf22615e20934116abebfed6c000222c2",
    "encode/starlette": "cb8f84f5284dc301ca7a31eb732b9e140769dd48",
    "encode/uvicorn": "e6c7ce791fc634b6eedee40e0d0207faa8a9aefd",
    "fastapi/fastapi": "c3f316b7e814667e8ee81e03a7330d00ee61e45c",
    "getsentry/responses": "a19add7777d7d0c64eeb364f6cc9de624c33f4f8",
    "go-chi/chi": "735ae2b87f8c733d616e809ae86e0985c1bc3350",
    "google/gson": "9835b6f90192f79cdf5300c528fc6212455fb6c1",
    "google/leveldb": "78a352f47ed6c1e9d750545e9b242289185b87e1",
    "marshmallow-code/marshmallow": "341b927f219205704728c05cd61f04d7e9727523",
    "mitmproxy/mitmproxy": "8fc25b3045934777b0796d8ec7958bbc257d7bb5",
    "mockito/mockito": "ee8a330da0218f32d5964acdeaa3ac39e2c6ce14",
    "pallets/jinja": "5ef70112a1ff19c05324ff889dd30405b1002044",
    "pallets/werkzeug": "1b00618e787f40dfb21eba29caf8f8be7c8e1d93",
    "pypa/pip": "6d309205789d368b2749d93fd6193d584811efd5",
    "python-poetry/poetry": "f46702336862f30050d5c641d5ed6f7568ded793",
    "sharkdp/bat": "2ba8db9c14e5794572f5ea338c2b90404c9769cb",
    "sharkdp/fd": "ee20f426ddf338ac7ead5c5f00ea49258005caaf",
    "sphinx-doc/sphinx": "e44a40eb2f810558ccd9da1425421270ccb81351",
    "square/okhttp": "1682d9bac8c03dffde2969b0b74d47649d0dbb52",
    "urllib3/urllib3": "6a8536b6e1b0cbe69ae801337c599951e527ae29",
    "vuejs/core": "e2bede96134f757aad5c5b33ac9be055022dbfc8",
}


class Now:
    """A clock that never waits."""

    def now(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        pass


def drawn(history: History, newest: str) -> list[list[AddedLine]]:
    """Lines by commit; a commit that added many is likelier."""
    chance = random.Random(7)
    by_commit: dict[str, list[AddedLine]] = {}
    for commit in history.commits(COMMITS, start=newest):
        by_commit[commit.hash] = list(added_lines(history, commit))
    everything = [line for lines in by_commit.values() for line in lines]
    hashes = dict.fromkeys(line.commit.hash for line in chance.sample(everything, min(4 * TAKEN, len(everything))))
    found = []
    for commit in list(hashes)[:TAKEN]:
        lines = by_commit[commit]
        numbers = sorted(chance.sample(range(len(lines)), min(PER_COMMIT, len(lines))))
        found.append([lines[number] for number in numbers])
    return found


def written(history: History, newest: str, judge: Trees | None) -> Iterator[tuple[Library, AddedLine]]:
    """Each line as it is about to be written, with all that could be known then."""
    past = Past(history)
    for lines in drawn(history, newest):
        library = Library(Gate(), judge)
        library.adopt(past.index(lines[0].commit.parent))
        previous: AddedLine | None = None
        for line in lines:
            for text in line.so_far(previous):
                library.observe(line.path, line.language, text)
            previous = line
            yield library, line


def asked(library: Library, line: AddedLine, column: int, space: str = "") -> Cursor | None:
    before, after = line.around()
    return library.at(Place(line.path, line.language, before + line.text[:column] + space, after))


def starts(library: Library, line: AddedLine) -> Cursor | None:
    return asked(library, line, len(line.text) - len(line.text.lstrip()))


def token_rows(library: Library, line: AddedLine, chance: random.Random) -> Iterator[Rows]:
    """Candidates for the first token of a line and for some others, as the decoder would meet them."""
    spans = [(start, line.text[start:end]) for start, end, _ in token_spans(line.text, line.language)]
    spans.append((len(line.text.rstrip()), ""))
    for start, truth in [spans[0], *chance.sample(spans[1:], min(STEPS, len(spans) - 1))]:
        cut = start
        if len(truth) > 2 and (truth[0].isalpha() or truth[0] in "_\"'") and chance.random() < 0.4:
            cut += chance.randint(1, min(4, len(truth) - 1))
        found = asked(library, line, cut, " " if not truth and line.text[:cut][-1:].isalnum() else "")
        if found is None or not truth.startswith(found.start.started):
            continue
        model, begin = found.model, found.start
        state = State(begin.context, begin.line, begin.opened, begin.started, begin.then)
        weighed = model.weighed(state)
        if weighed is not None:
            counts, mixture, chosen = weighed
            table = features(counts, mixture, chosen, state, model.usage, model.vocabulary, model.suffix_token)
            right = np.array([model.vocabulary.text(token) == truth for token in counts.tokens[chosen].tolist()])
            yield {"x": table, "y": right, "w": np.ones(len(right), np.float32)}


def place_rows(library: Library, line: AddedLine, chance: random.Random) -> Iterator[Rows]:
    """The place where the line stands already, the places most like the cursor's, and a weighted sample of all others."""
    found = starts(library, line)
    if found is None or not len(found.model.pool.lines):
        return
    model, context = found.model, found.start.context
    at = pool.here(model.pool, context)
    first = model.next(State(context, (), found.start.opened, "", whole_lines.END))
    chances = dict(zip(first.tokens, first.chance, strict=True))
    table = pool.rough_of(model.pool, at, context, shape_of(context, model.vocabulary), chances)
    tokens = [model.vocabulary.intern(line.text[a:b]) for a, b, _ in token_spans(line.text, line.language)]
    same = model.pool.lines.text == np.uint64(hash_of(np.array(tokens, np.int32)))
    if not same.any():
        return
    score = table[:, pool.ROUGH.index("same_log")] + table[:, pool.ROUGH.index("shape_log")]
    best = np.flatnonzero(same)[np.argmax(score[same])]
    others = np.flatnonzero(~same)
    others = others[np.argsort(-score[others], kind="stable")]
    hard, rest = others[:60], others[60:].tolist()
    easy = chance.sample(rest, min(150, len(rest)))
    chosen = np.array([best, *hard.tolist(), *easy])
    weights = [1.0] * (1 + len(hard)) + [len(rest) / max(len(easy), 1)] * len(easy)
    yield {"x": table[chosen], "y": chosen == best, "w": np.array(weights, np.float32)}


def line_rows(rough: NDArray[np.float32]) -> Callable[[Library, AddedLine, random.Random], Iterator[Rows]]:
    def rows(library: Library, line: AddedLine, chance: random.Random) -> Iterator[Rows]:
        found = starts(library, line)
        if found is not None:
            compared = whole_lines.compared(found.model, found.start, rough)
            texts = [compared.guess(number, 1.0).text for number in range(len(compared))]
            right = np.array([text == line.text.strip() for text in texts], np.bool_)
            table = whole_lines.features(compared, found.model, found.start)
            yield {"x": table, "y": right, "w": np.ones(len(right), np.float32)}

    return rows


def offer_rows(library: Library, line: AddedLine, chance: random.Random) -> Iterator[Rows]:
    for point in within(line, chance):
        found = asked(library, line, point.column)
        guesses = asyncio.run(whole_guesses(found, Now())) if found is not None else []
        if found is not None and guesses:
            right = np.array([guess.text == point.truth.rstrip() for guess in guesses], np.bool_)
            yield {"x": rows_of_guesses(guesses, found), "y": right, "w": np.ones(len(right), np.float32)}


def within(line: AddedLine, chance: random.Random) -> list[Point]:
    return [point for point in (*points(line, chance), *points(line, chance)) if point.kind != "start"]


def sure_rows(library: Library, line: AddedLine, chance: random.Random) -> Iterator[Rows]:
    """For each floor the longest beginning that is as likely: (kind of cursor, its log odds), and whether it was right."""
    for point in points(line, chance):
        found = asked(library, line, point.column)
        *_, guess = (None, *(greedy(found.model, found.start, SURE_FROM) if found is not None else ()))
        if guess is None:
            continue
        kind = ("start", "mid", "part").index(point.kind)
        for floor in FLOORS:
            steps = [step for step in guess.steps if step.chance >= floor]
            text = "".join(step.text for step in steps)
            if len(text.strip()) >= SHORTEST:
                sure = min(max(steps[-1].chance, 1e-4), 1 - 1e-4)
                row = np.array([[kind, np.log(sure / (1 - sure))]], np.float32)
                yield {"x": row, "y": np.array([point.truth.startswith(text)]), "w": np.ones(1, np.float32)}


def read(histories: Path, target: Path, rows: Callable[..., Iterator[Rows]], folder: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for half, judge in ((FIRST_HALF, "second.npz"), (SECOND_HALF, "first.npz")):
        trees = read_trees((folder / judge).read_bytes()) if rows is not token_rows else None
        for name, newest in half.items():
            history = History(histories / name.replace("/", "+") / "repo")
            chance = random.Random(7)
            found = [row for library, line in written(history, newest, trees) for row in rows(library, line, chance)]
            history.close()
            parts = {key: np.concatenate([row[key] for row in found]) for key in ("x", "y", "w")}
            np.savez(target / f"{name.replace('/', '+')}.npz", **parts)
            right = np.mean([row["y"].any() for row in found])
            print(f"{name}: {len(found)} places, {100 * right:.1f} % of them with a right one", flush=True)


def together(folder: Path, names: Sequence[str]) -> Rows:
    tables = [np.load(folder / f"{name.replace('/', '+')}.npz") for name in names]
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


def fit(what: str, folder: Path, target: Path) -> None:
    everything = (*FIRST_HALF, *SECOND_HALF)
    if what == "halves":
        for half, name in ((FIRST_HALF, "first"), (SECOND_HALF, "second")):
            rows = together(folder / "tokens", tuple(half))
            np.savez_compressed(folder / f"{name}.npz", **boosted(rows, *TOKEN_TREES, NAMES))
    elif what == "rough":
        np.save(folder / "rough.npy", logistic(together(folder / "places", everything))[:-1].astype(np.float32))
    else:
        judge = boosted(together(folder / "tokens", everything), *TOKEN_TREES, NAMES)
        judge["sureness"] = sureness(together(folder / "sureness", everything))
        lines = boosted(together(folder / "lines", everything), *LINE_TREES, whole_lines.NAMES)
        lines["rough"] = np.load(folder / "rough.npy")
        offers = boosted(together(folder / "offers", everything), *OFFER_TREES, OFFER_NAMES)
        for name, table in (("judge", judge), ("lines", lines), ("offers", offers)):
            np.savez_compressed(target / f"{name}.npz", **table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, default=Path("build/rows"), help="where the rows are kept")
    steps = parser.add_subparsers(dest="step", required=True)
    reading = steps.add_parser("rows")
    reading.add_argument("what", choices=("tokens", "places", "lines", "offers", "sureness"))
    reading.add_argument("histories", type=Path)
    fitting = steps.add_parser("fit")
    fitting.add_argument("what", choices=("halves", "rough", "tables"))
    fitting.add_argument("--target", type=Path, default=Path("backends/workspace"))
    arguments = parser.parse_args()
    folder: Path = arguments.rows
    if arguments.step == "fit":
        fit(arguments.what, folder, arguments.target)
        return
    readers: Mapping[str, Callable[..., Iterator[Rows]]] = {
        "tokens": token_rows,
        "places": place_rows,
        "offers": offer_rows,
        "sureness": sure_rows,
    }
    what: str = arguments.what
    rows = line_rows(np.load(folder / "rough.npy")) if what == "lines" else readers[what]
    read(arguments.histories, folder / what, rows, folder)


if __name__ == "__main__":
    main()
