"""Ghost text through a real process: what the editor asks, what the session gets, what goes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.raw_client import RawClient, inline, replace


@pytest.fixture(scope="module")
def client() -> Iterator[RawClient]:
    with RawClient() as client:
        yield client


def test_an_item_has_a_range_up_to_the_end_of_what_it_replaces_and_a_command_with_its_id(client: RawClient) -> None:
    client.open("x = 'é😀'; hi\nsecond\n")
    reply = client.request("textDocument/inlineCompletion", inline(0, 9))
    [item] = reply["result"]["items"]
    assert item["insertText"] == "automatic|x = 'é😀'|; hi|20"
    assert item["range"] == {"start": {"line": 0, "character": 9}, "end": {"line": 0, "character": 13}}
    assert item["command"]["command"] == "infill.accepted"
    assert item["command"]["arguments"] == ["id-1"]


def test_nothing_to_offer_is_an_empty_list(client: RawClient) -> None:
    client.open("nothing")
    assert client.request("textDocument/inlineCompletion", inline(0, 7))["result"] == {"items": []}


def test_the_entry_that_is_selected_in_the_editors_own_list_stands_in_the_text_and_begins_the_item(
    client: RawClient,
) -> None:
    client.open("a.le")
    selected = {"range": {"start": {"line": 0, "character": 2}, "end": {"line": 0, "character": 4}}, "text": "length"}
    reply = client.request("textDocument/inlineCompletion", inline(0, 4, selectedCompletionInfo=selected))
    [item] = reply["result"]["items"]
    assert item["insertText"] == "lengthautomatic|a.length||8"
    assert item["range"] == selected["range"]


@pytest.mark.parametrize("typed", ["o", "offer", "offered)", ""])
def test_an_answer_that_what_was_typed_meanwhile_begins_replaces_that_too(client: RawClient, typed: str) -> None:
    client.open("delay(é)\nend")
    id = client.ask("textDocument/inlineCompletion", inline(0, 7))
    client.change(replace((0, 7), (0, 7), typed))
    [item] = client.reply(id)["result"]["items"]
    assert item["insertText"] == "offered)"
    assert item["range"] == {"start": {"line": 0, "character": 7}, "end": {"line": 0, "character": 8 + len(typed)}}


@pytest.mark.parametrize(
    "change",
    [
        replace((0, 7), (0, 7), "x"),
        replace((0, 7), (0, 7), "\n"),
        replace((0, 6), (0, 7), ""),
        replace((0, 0), (0, 0), "o"),
        replace((1, 0), (1, 0), "o"),
        {"text": "another"},
    ],
    ids=str,
)
def test_an_answer_for_a_text_that_is_gone_is_not_given(client: RawClient, change: dict[str, Any]) -> None:
    client.open("delay(é)\nend")
    id = client.ask("textDocument/inlineCompletion", inline(0, 7))
    client.change(change)
    assert client.reply(id)["error"]["code"] == -32800


def test_a_completion_list_for_a_text_that_is_gone_is_not_given() -> None:
    with RawClient(capabilities={}) as client:
        for change, known in ((replace((1, 0), (1, 0), "o"), False), (replace((0, 7), (0, 7), "x"), True)):
            client.open("delay(é)\nend")
            id = client.ask("textDocument/completion", inline(0, 7))
            client.change(change)
            assert ("result" in client.reply(id)) is known
