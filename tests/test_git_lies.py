"""Git files made by hand to be wrong, endless or far larger than they look: reading them ends in silence, and soon."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from context.git.changes import lately_changed
from context.git.objects import MOST, Objects, Unsound
from context.git.staged import staged
from context.walker import WalkedFile

OLD, NEW, BEFORE, AFTER = (bytes([number]) * 20 for number in (1, 2, 3, 4))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two commits; `a.py` came with the second."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_text(NEW.hex())
    write(tmp_path, NEW, "commit", f"tree {AFTER.hex()}\nparent {OLD.hex()}\n\nx".encode())
    write(tmp_path, OLD, "commit", f"tree {BEFORE.hex()}\n\nx".encode())
    write(tmp_path, BEFORE, "tree", b"")
    write(tmp_path, AFTER, "tree", file("a.py"))
    return tmp_path


def write(root: Path, name: bytes, kind: str, data: bytes) -> None:
    """Names are not checked against contents, so that any will do."""
    path = root / ".git/objects" / name.hex()[:2] / name.hex()[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(zlib.compress(f"{kind} {len(data)}\0".encode() + data))


def file(name: str) -> bytes:
    return b"100644 " + name.encode() + b"\0" + bytes(20)


def folder(name: str, tree: bytes) -> bytes:
    return b"40000 " + name.encode() + b"\0" + tree


def check(root: Path, *names: str) -> None:
    walked = [WalkedFile(path, 1, 1) for path in (root / "a.py", root / "b.py")]
    assert [path.name for path in lately_changed(root, walked)] == list(names)


def test_a_repository_made_by_hand_is_read(root: Path) -> None:
    check(root, "a.py")


@pytest.mark.parametrize("tree", ["zz", "", "aa", "a" * 42, "é" * 40, " ".join(["aa"] * 20)])
def test_a_commit_without_a_tree(root: Path, tree: str) -> None:
    write(root, NEW, "commit", f"tree {tree}\nparent {OLD.hex()}\n\nx".encode())
    check(root)


@pytest.mark.parametrize("parent", ["qq", "", "aa", "a" * 42])
def test_a_commit_with_a_parent_that_is_no_name(root: Path, parent: str) -> None:
    write(root, NEW, "commit", f"tree {AFTER.hex()}\nparent {parent}\n\nx".encode())
    check(root)


@pytest.mark.parametrize("width", [1, 2, 1000])
def test_a_tree_that_holds_itself(root: Path, width: int) -> None:
    write(root, AFTER, "tree", b"".join(folder(f"f{number}", AFTER) for number in range(width)))
    check(root)


def test_a_tree_that_unpacks_to_far_more(root: Path) -> None:
    write(root, AFTER, "tree", b"".join(file(f"{number:06}") for number in range(200_000)))
    check(root)


def test_many_large_trees_are_not_all_read(root: Path) -> None:
    large = b"".join(folder("f" * 1000 + str(number), AFTER) for number in range(3000))
    write(root, AFTER, "tree", large)
    objects = Objects(root / ".git")
    with pytest.raises(Unsound):
        for _ in range(2 * MOST // len(large)):
            objects.tree(AFTER)


@pytest.mark.parametrize("kept", [8, 500, 1031, 1032, 1040, 1052, 1055, 1056, 1059])
def test_an_index_of_a_pack_that_is_cut(root: Path, kept: int) -> None:
    """It says that it knows the commit before, and ends before it says where that is."""
    fan = b"".join(struct.pack(">I", int(number >= OLD[0])) for number in range(256))
    whole = b"\xfftOc\0\0\0\2" + fan + OLD + bytes(4) + struct.pack(">I", 1 << 31)
    packs = root / ".git/objects/pack"
    packs.mkdir(parents=True)
    (packs / "pack-x.idx").write_bytes(whole[:kept])
    (packs / "pack-x.pack").write_bytes(b"PACK")
    (root / ".git/objects" / OLD.hex()[:2] / OLD.hex()[2:]).unlink()
    check(root)


@pytest.mark.parametrize("bytes_on", [b"\x9f", b"\xff"], ids=["a size", "an offset"])
def test_a_number_without_end_in_a_pack(root: Path, bytes_on: bytes) -> None:
    fan = b"".join(struct.pack(">I", int(number >= OLD[0])) for number in range(256))
    packs = root / ".git/objects/pack"
    packs.mkdir(parents=True)
    (packs / "pack-x.idx").write_bytes(b"\xfftOc\0\0\0\2" + fan + OLD + bytes(4) + struct.pack(">I", 4))
    (packs / "pack-x.pack").write_bytes(b"PACK" + b"\xe0\x01" * (bytes_on == b"\xff") + bytes_on * 3_000_000)
    check(root)


@pytest.mark.parametrize("said", ["\0", "x\0y", "a" * 10_000])
def test_a_shared_folder_that_is_no_path(root: Path, said: str) -> None:
    (root / ".git").rename(root / "own")
    (root / "own/commondir").write_text(said)
    (root / ".git").write_text("gitdir: own")
    check(root)


def index(*entries: bytes) -> bytes:
    fixed = struct.pack(">10I", *[0] * 10) + bytes(20) + struct.pack(">H", 0)
    return struct.pack(">4sII", b"DIRC", 4, len(entries)) + b"".join(fixed + entry for entry in entries) + bytes(20)


def test_an_index_of_paths_that_share_their_beginning() -> None:
    assert list(staged(index(b"\0a.py\0", b"\2pyi\0"))) == ["a.py", "a.pyi"]


@pytest.mark.parametrize(
    "entries",
    [
        (b"\0x\0",) * 60_000,
        (b"\0" + b"x" * 4000 + b"\0", *(b"\0\0" for _ in range(60_000))),
        (b"\0" + b"x" * 5000 + b"\0",),
        (b"\0ab\0", b"\3c\0"),
        (b"\xff" * 1_000_000,),
    ],
    ids=["each one longer", "each one long", "a long one", "more cut than there is", "a number without end"],
)  # fmt: skip
def test_an_index_that_holds_far_more_than_it_has_bytes(entries: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError):
        staged(index(*entries))


def test_an_index_that_is_a_bomb_leaves_the_commits(root: Path) -> None:
    (root / ".git/index").write_bytes(index(*(b"\0x\0",) * 60_000))
    check(root, "a.py")
