"""What the workspace model is trained on: lines of real commits, each with all that could be known when it was written.

Lines are drawn from the commits before the ones named here. No repository that docs/benchmarks.md reports this model on is
among them. What is learned from the guesses of a judge is learned from one that has not seen the repository: half by half.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

from backends.workspace.index import Index, load, save
from backends.workspace.library import Library
from backends.workspace.trees import Trees
from context.privacy import Gate
from editors.headless.history import History
from editors.headless.past import AddedLine, Past, added_lines

COMMITS, LOOKED_AT, TAKEN, PER_COMMIT = 1000, 120, 20, 5
"""Of each repository: the newest commits; those of them whose lines are counted, drawn evenly; those of these that lines are
taken from, the likelier the more lines they added; the lines taken from one."""
GUESSED = 12
"""Of the commits taken, those where whole guesses are asked for too, which cost more than tokens."""
WHOLE_PER_COMMIT = 20
"""Lines of one commit before which the lines nearby are compared: that costs little, and few lines are such as were made."""

HALVES: Mapping[str, Mapping[str, str]] = {
    "first": {
        "Textualize/rich": "42899d8a0a96b121a514516f4be9db44ff7aeaf3",
        "alacritty/alacritty": "bdb72b32eeb074e3a0b8559d8ccac458237474a3",
        "axios/axios": "23a25af0688d1db2c396deb09229d2271cc24f6c",
        "celery/celery": "5dc781f0bd5f36186bfcc74e0a4f9f654452c69b",
        "encode/starlette": "cb8f84f5284dc301ca7a31eb732b9e140769dd48",
        "fastapi/fastapi": "c3f316b7e814667e8ee81e03a7330d00ee61e45c",
        "getsentry/responses": "a19add7777d7d0c64eeb364f6cc9de624c33f4f8",
        "gin-gonic/gin": "dcaa4296d111981ffb31ac3eba90bb63e1eb5ab9",
        "google/gson": "9835b6f90192f79cdf5300c528fc6212455fb6c1",
        "google/leveldb": "78a352f47ed6c1e9d750545e9b242289185b87e1",
        "hyperium/hyper": "8fcaf1a62787b824fdd7b95a3e7c9ea81acd3449",
        "junegunn/fzf": "956562daaa82ddf55ea8f7aeab56883377b742c6",
        "pallets/flask": "2ac89889f4cc330eabd50f295dcef02828522c69",
        "psf/black": "8947c48ef2077c3a301b03c1e814dc2e3f78436e",
        "psf/requests": "1f6589ec3a1ee910f9a65cc3ceac60b26677bc0e",
        "python-attrs/attrs": "c1dc5dcba16ed827aa6dcad896b41a3afedb4e32",
        "python-poetry/poetry": "f46702336862f30050d5c641d5ed6f7568ded793",
        "sharkdp/fd": "ee20f426ddf338ac7ead5c5f00ea49258005caaf",
        "square/retrofit": "0b118105fe8436791436b8bc9c95b9aa2cfd3bdd",
        "tmux/tmux": "c1f947a3c5bc72a40c32dead736f84c4628791ec",
        "tokio-rs/tokio": "ea91b33ca57ff0581b38e735cc108f831bccbdaa",
        "vuejs/core": "e2bede96134f757aad5c5b33ac9be055022dbfc8",
    },
    "second": {
        "clap-rs/clap": "6982fb1c98c7247e38a6d4f04191b94e30497e7b",
        "colinhacks/zod": "e516c3baf22615e20934116abebfed6c000222c2",
        "encode/uvicorn": "e6c7ce791fc634b6eedee40e0d0207faa8a9aefd",
        "go-chi/chi": "735ae2b87f8c733d616e809ae86e0985c1bc3350",
        "jqlang/jq": "579e6f76cffd7643ba4002a2c3618a5ea710589a",
        "libuv/libuv": "6179e7af87413396d5853a1c3722c8b5749336c8",
        "marshmallow-code/marshmallow": "341b927f219205704728c05cd61f04d7e9727523",
        "mitmproxy/mitmproxy": "8fc25b3045934777b0796d8ec7958bbc257d7bb5",
        "mockito/mockito": "ee8a330da0218f32d5964acdeaa3ac39e2c6ce14",
        "pallets/jinja": "5ef70112a1ff19c05324ff889dd30405b1002044",
        "pallets/werkzeug": "1b00618e787f40dfb21eba29caf8f8be7c8e1d93",
        "pypa/pip": "6d309205789d368b2749d93fd6193d584811efd5",
        "serde-rs/serde": "1023d077510b4aef36a41ef56fdb7798568a2654",
        "sharkdp/bat": "2ba8db9c14e5794572f5ea338c2b90404c9769cb",
        "sphinx-doc/sphinx": "e44a40eb2f810558ccd9da1425421270ccb81351",
        "square/okhttp": "1682d9bac8c03dffde2969b0b74d47649d0dbb52",
        "sveltejs/svelte": "15720b16a5ef33e3e1f4301c77b94ec375070e73",
        "tornadoweb/tornado": "e530031405e2154654dedc4c84d5656b557ea310",
        "urllib3/urllib3": "6a8536b6e1b0cbe69ae801337c599951e527ae29",
    },
}

ABOUT: Mapping[str, object] = {
    "commits": {name: newest for half in HALVES.values() for name, newest in half.items()},
    "drawn": [COMMITS, LOOKED_AT, TAKEN, PER_COMMIT, GUESSED, WHOLE_PER_COMMIT],
}
"""What a table says it was made from."""


def other(half: str) -> str:
    (found,) = HALVES.keys() - {half}
    return found


def file_name(name: str) -> str:
    return name.replace("/", "+")


def drawn(history: History, newest: str, per_commit: int) -> list[list[AddedLine]]:
    """Lines by commit."""
    chance = random.Random(7)
    commits = list(history.commits(COMMITS, start=newest))
    by_commit = {}
    for commit in chance.sample(commits, min(LOOKED_AT, len(commits))):
        by_commit[commit.hash] = list(added_lines(history, commit))
    everything = [line for lines in by_commit.values() for line in lines]
    hashes = dict.fromkeys(line.commit.hash for line in chance.sample(everything, len(everything)))
    found = []
    for taken in list(hashes)[:TAKEN]:
        lines = by_commit[taken]
        numbers = sorted(chance.sample(range(len(lines)), min(per_commit, len(lines))))
        found.append([lines[number] for number in numbers])
    return found


def written(
    histories: Path,
    kept: Path,
    name: str,
    newest: str,
    judge: Trees | None,
    commits: int = TAKEN,
    per_commit: int = PER_COMMIT,
) -> Iterator[tuple[Library, AddedLine]]:
    """Each line as it is about to be written. The trees of the past are kept in a folder, since every step needs them."""
    history = History(histories / file_name(name) / "repo")
    past = Past(history)
    for lines in drawn(history, newest, per_commit)[:commits]:
        library = Library(Gate(), judge)
        library.adopt(_tree(past, lines[0].commit.parent, kept / f"{lines[0].commit.parent}.index"))
        previous: AddedLine | None = None
        for line in lines:
            for text in line.so_far(previous):
                library.observe(line.path, line.language, text)
            previous = line
            yield library, line
    history.close()


def _tree(past: Past, commit: str, kept: Path) -> Index:
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        save(past.index(commit), kept)
    return load(kept)
