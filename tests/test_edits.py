"""The log of edits: what was typed becomes a few whole-line pieces, wherever and in whatever order."""

from __future__ import annotations

import random

from context.edits import EditLog
from context.snapshot import Snapshot

LINES = "".join(f"line {number}\n" for number in range(60))


def check(*texts: str, expected: list[tuple[str, str]]) -> None:
    log = EditLog()
    for version, text in enumerate(texts):
        log.see(Snapshot("file:///a", None, "", version, text))
    assert [(piece.before, piece.after) for piece in log.pieces] == expected
    assert all(texts[-1][piece.start : piece.end] == piece.after for piece in log.pieces)


def test_typed_characters_become_one_piece() -> None:
    steps = [LINES.replace("line 10\n", f"line 10{'abc'[:n]}\n") for n in range(4)]
    check(*steps, expected=[("line 10\n", "line 10abc\n")])


def test_edits_far_apart_stay_apart_and_move_with_the_text() -> None:
    first = LINES.replace("line 40\n", "LINE 40\n")
    check(LINES, first, "top\n" + first, expected=[("line 40\n", "LINE 40\n"), ("", "top\n")])


def test_edits_near_each_other_are_joined_with_what_lies_between() -> None:
    first = LINES.replace("line 10\n", "LINE 10\n")
    check(
        LINES, first, first.replace("line 12\n", ""), expected=[("line 10\nline 11\nline 12\n", "LINE 10\nline 11\n")]
    )


def test_an_edit_taken_back_leaves_nothing() -> None:
    check(LINES, LINES.replace("line 10\n", ""), LINES, expected=[])


def test_a_new_document_is_not_an_edit() -> None:
    check(LINES, expected=[])


def test_a_big_change_is_not_kept() -> None:
    check(LINES, LINES + "x\n" * 4000, expected=[])


def test_pieces_always_fit_the_newest_text() -> None:
    dice = random.Random(3)
    for _ in range(30):
        texts = [LINES[:200]]
        for _ in range(12):
            start = dice.randrange(len(texts[-1]) + 1)
            end = min(len(texts[-1]), start + dice.choice((0, 0, 1, 9)))
            texts.append(texts[-1][:start] + dice.choice(("", "x", "\n", "ab\ncd\n")) + texts[-1][end:])
        log = EditLog()
        for version, text in enumerate(texts):
            log.see(Snapshot("u", None, "", version, text))
        back = texts[-1]
        for piece in sorted(log.pieces, key=lambda piece: -piece.start):
            assert back[piece.start : piece.end] == piece.after
            back = back[: piece.start] + piece.before + back[piece.end :]
        assert back == texts[0]
