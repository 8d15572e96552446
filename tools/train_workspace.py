"""Trains the tables of the workspace model: `python tools/train_workspace.py HISTORIES`, with the `train` extra installed.

HISTORIES is a folder of git histories, OWNER+NAME/repo each. What is learned is which of the tokens that the evidence offers
the author of a commit wrote next. The lines come from the newest commits up to the ones named in `REPOSITORIES`; none of these
repositories is reported on in docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np

from backends.workspace.features import NAMES, State, features
from backends.workspace.library import Library, Place
from backends.workspace.model import Model
from context.privacy import Gate
from editors.headless.history import History
from editors.headless.past import AddedLine, Past, added_lines, token_spans

COMMITS, LINES, STEPS = 500, 240, 6
"""Of each repository: the newest commits looked at, the lines drawn from them, the places asked about in a line."""


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
            model, begin = found
            if begin.started and not truth.startswith(begin.started):
                continue
            yield model, State(begin.context, begin.line, begin.opened, begin.started, begin.then), truth


def rows_of(folder: Path, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray, bool, str]]:
    """(features, labels, is_test, language) of each place."""
    history = History(folder)
    past = Past(history)
    chance = random.Random(seed)
    pool = [line for commit in history.commits(COMMITS) for line in added_lines(history, commit)]
    drawn = sorted(chance.sample(range(len(pool)), min(LINES, len(pool))))
    for commit, numbers in groupby(drawn, key=lambda number: pool[number].commit):
        index = past.index(commit.parent)
        library = Library(Gate())
        library.adopt(index)
        for number in numbers:
            line = pool[number]
            for model, state, truth in states(line, library, chance):
                weighed = model.weighed(state)
                if weighed is None:
                    continue
                counts, mixture, chosen = weighed
                table = features(counts, mixture, chosen, state, model.usage, model.vocabulary, model.suffix_token)
                labels = np.array([model.vocabulary.text(t) == truth for t in counts.tokens[chosen].tolist()])
                yield table, labels, line.is_test, line.language
    history.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("histories", type=Path)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--out", type=Path, default=Path("build/rows"))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for folder in sorted(arguments.histories.glob("*/repo")):
        name = folder.parent.name
        if arguments.only and name not in arguments.only:
            continue
        places = list(rows_of(folder, 7))
        np.savez(
            arguments.out / f"{name}.npz",
            x=np.concatenate([p[0] for p in places]),
            y=np.concatenate([p[1] for p in places]),
            group=np.repeat(np.arange(len(places)), [len(p[1]) for p in places]),
            names=json.dumps(NAMES),
        )
        hit = np.mean([p[1].any() for p in places])
        first = np.mean([p[1][0] for p in places])
        print(f"{name}: {len(places)} places, offered {hit:.3f}, first by mixture {first:.3f}", flush=True)


if __name__ == "__main__":
    main()
