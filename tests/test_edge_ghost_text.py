"""Ghost text through a real process: what the editor asks, what the session gets, what goes back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.raw_client import RawClient, inline


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
