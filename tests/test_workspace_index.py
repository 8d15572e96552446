"""The stored index: sorted by context, private, safe against damage, and blind to what the gate refuses."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pytest

from backends.workspace.building import refresh
from backends.workspace.evidence import in_index
from backends.workspace.index import Index, Unusable, load
from backends.workspace.vocabulary import Vocabulary
from context.privacy import Gate


def built(root: Path, files: dict[str, str], target: Path) -> Index:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    refresh([root], Gate([root]), target)
    return load(target)


def followed(index: Index, *context: str) -> set[str]:
    vocabulary = Vocabulary(index.words)
    shown = np.zeros(len(index.paths) + 1, np.bool_)
    rows = in_index(index, [vocabulary.intern(word) for word in context], shown)
    return {vocabulary.text(int(token)) for token in rows.token[rows.length == len(context)]}


def test_a_place_is_found_by_what_stands_before_it(tmp_path: Path) -> None:
    index = built(
        tmp_path, {"a.py": "for i in range(n):\n    x\n", "b/c.py": "for i in range(m): y\n"}, tmp_path / "s/i"
    )
    assert index.paths == ["a.py", "b/c.py"]
    assert followed(index, "range", "(") == {"n", "m"}


def test_every_neighbouring_pair_is_in_order(tmp_path: Path) -> None:
    text = "\n".join(f"value_{i % 7} = call(value_{i % 5}, {i % 3})" for i in range(300))
    index = built(tmp_path, {"a.py": text}, tmp_path / "s/i")
    tokens = index.tokens.tolist()
    keys = [tuple(reversed(tokens[max(place - 12, 0) : place])) for place in index.order.tolist()]
    assert keys == sorted(keys)


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    built(tmp_path, {"a.py": "x = 1\n"}, tmp_path / "s/i")
    assert stat.S_IMODE((tmp_path / "s/i").stat().st_mode) == 0o600


@pytest.mark.parametrize("harm", ["cut", "flipped", "empty", "foreign"])
def test_a_damaged_file_is_refused_and_built_again(tmp_path: Path, harm: str) -> None:
    target = tmp_path / "s/i"
    built(tmp_path, {"a.py": "x = 1\n" * 50}, target)
    data = target.read_bytes()
    middle = len(data) // 2
    target.write_bytes(
        {
            "cut": data[:middle],
            "flipped": data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :],
            "empty": b"",
            "foreign": b"another file" * 9,
        }[harm]
    )
    with pytest.raises(Unusable):
        load(target)
    assert refresh([tmp_path], Gate([tmp_path]), target)
    assert load(target).paths == ["a.py"]


def test_only_what_changed_is_read_again_and_what_is_gone_is_forgotten(tmp_path: Path) -> None:
    target = tmp_path / "s/i"
    built(tmp_path, {"a.py": "alpha.beta\n", "b.py": "gamma.delta\n", "c.py": "gone.away\n"}, target)
    assert not refresh([tmp_path], Gate([tmp_path]), target)
    (tmp_path / "a.py").write_text("alpha.epsilon\n")
    (tmp_path / "c.py").unlink()
    assert refresh([tmp_path], Gate([tmp_path]), target)
    index = load(target)
    assert (followed(index, "alpha", "."), followed(index, "gamma", "."), index.paths) == (
        {"epsilon"},
        {"delta"},
        ["a.py", "b.py"],
    )
    assert index.words.find(b"beta") is None and index.words.find(b"away") is None


def test_ignored_files_and_secrets_are_not_learned(tmp_path: Path) -> None:
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"
    files = {
        ".gitignore": "hidden.py\n",
        "hidden.py": "invisible.word\n",
        "shown.py": f'token = "{secret}"\nvisible.word\n',
        "data.json": '{"datum": 1}\n',
    }
    index = built(tmp_path, files, tmp_path / "s/i")
    known = {index.words[rank].decode() for rank in range(len(index.words))}
    assert {"visible", "token"} <= known
    assert not {"invisible", '"datum"'} & known
    assert not any(secret[:12] in word for word in known)
