"""What no client should send, sent to one real process: each request gets one reply, and the next message works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.raw_client import RawClient, frame, inline, replace

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
REQUEST_CANCELLED = -32800
NOWHERE = "file:///project/not-open.py"


@pytest.fixture(scope="module")
def client() -> Iterator[RawClient]:
    with RawClient() as client:
        yield client


@pytest.fixture(autouse=True)
def still_works(client: RawClient) -> Iterator[None]:
    """After every case: the server answers, and has put nothing on stderr that quotes what it was sent."""
    client.open("x = 1\ny = 2")
    yield
    client.open("after")
    assert client.ghost(0, 5) == "automatic|after||5"
    assert b"Traceback" not in client.stderr


def code_of_unmatched(client: RawClient, body: bytes) -> int:
    """Sends something that has no usable id; the code of the error that comes back with id null."""
    client.replies.pop(None, None)
    client.send(frame(body))
    code: int = client.reply(None)["error"]["code"]
    client.request("infill/status", None)
    assert len(client.replies[None]) == 1
    return code


@pytest.mark.parametrize(
    "body",
    [
        b'{"jsonrpc":"2.0","id":1,"method":"shut',
        b"{]",
        b"",
        b"[" * 100_000,
        b'{"jsonrpc":"2.0","id":1,"method":"infill/status","params":{"a":NaN}}',
        b'{"jsonrpc":"2.0","method":"x","params":"\xff\xfe"}',
        b'{"jsonrpc":"2.0","method":"x","params":"\xed\xa0\x80"}',
        b'{"jsonrpc":"2.0","method":"x","params":"a\x00b"}',
    ],
    ids=["cut", "wrong", "empty", "deep", "nan", "invalid UTF-8", "surrogate bytes", "NUL"],
)
def test_what_is_no_json_is_a_parse_error(client: RawClient, body: bytes) -> None:
    assert code_of_unmatched(client, body) == PARSE_ERROR


@pytest.mark.parametrize(
    "message",
    [
        None,
        123,
        "text",
        True,
        [],
        {},
        [{"jsonrpc": "2.0", "id": 1, "method": "infill/status"}],
        {"jsonrpc": "2.0"},
        {"jsonrpc": "2.0", "method": 5},
        {"jsonrpc": "2.0", "id": None, "method": "infill/status"},
        {"jsonrpc": "2.0", "id": True, "method": "infill/status"},
        {"jsonrpc": "2.0", "id": {"a": 1}, "method": "infill/status"},
        {"jsonrpc": "2.0", "id": [1], "method": "infill/status"},
    ],
    ids=str,
)
def test_odd_json_without_an_id_is_an_invalid_request(client: RawClient, message: object) -> None:
    assert code_of_unmatched(client, json.dumps(message).encode()) == INVALID_REQUEST


@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "2.0", "id": "a"},
        {"jsonrpc": "2.0", "id": "b", "method": 5},
        {"jsonrpc": "2.0", "id": "c", "method": None},
        {"jsonrpc": "1.0", "id": "d", "method": "infill/status"},
        {"id": "e", "method": "infill/status"},
    ],
    ids=str,
)
def test_odd_json_with_an_id_is_an_invalid_request_of_that_id(client: RawClient, message: dict[str, Any]) -> None:
    client.send(frame(message))
    assert client.reply(message["id"])["error"]["code"] == INVALID_REQUEST


@pytest.mark.parametrize("id", [0, -1, 2**53, 1.5, "", "text", "é😀"])
def test_any_number_or_string_is_an_id(client: RawClient, id: object) -> None:
    client.send(frame({"jsonrpc": "2.0", "id": id, "method": "infill/status"}))
    assert client.reply(id)["result"]["health"] == "ready"


@pytest.mark.parametrize("method", ["textDocument/hover", "$/unknown", "", "initialize/../x", "textDocument/didOpen"])
def test_an_unknown_request_is_not_found(client: RawClient, method: str) -> None:
    assert client.request(method, {})["error"]["code"] == METHOD_NOT_FOUND


@pytest.mark.parametrize("method", ["textDocument/unknown", "$/unknown", "", "infill/status", "initialize"])
def test_an_unknown_notification_is_ignored_in_silence(client: RawClient, method: str) -> None:
    said = len(client.notified), len(client.replies)
    client.notify(method, {"a": 1})
    client.request("infill/status", None)
    assert (len(client.notified), len(client.replies) - 1) == said


def test_a_second_initialize_is_refused(client: RawClient) -> None:
    assert client.request("initialize", {"capabilities": {}})["error"]["code"] == INVALID_REQUEST


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("textDocument/inlineCompletion", None),
        ("textDocument/inlineCompletion", []),
        ("textDocument/inlineCompletion", 5),
        ("textDocument/inlineCompletion", {}),
        ("textDocument/inlineCompletion", {"textDocument": None, "position": None}),
        ("textDocument/inlineCompletion", {"textDocument": {"uri": 5}, "position": {"line": 0, "character": 0}}),
        ("textDocument/inlineCompletion", {"textDocument": {"uri": "file:///project/a.py"}}),
        ("textDocument/inlineCompletion", inline("0", 0)),  # type: ignore[arg-type]
        ("textDocument/inlineCompletion", inline(0, None)),  # type: ignore[arg-type]
        ("textDocument/inlineCompletion", inline(True, 0)),
        ("textDocument/inlineCompletion", inline(-1, 0)),
        ("textDocument/inlineCompletion", inline(0, -1)),
        ("textDocument/inlineCompletion", inline(0, 1.5)),  # type: ignore[arg-type]
        ("textDocument/inlineCompletion", inline(0, 0, selectedCompletionInfo={"text": "a"})),
        ("textDocument/completion", {"textDocument": {}}),
        ("workspace/executeCommand", {}),
        ("workspace/executeCommand", {"command": "other.command", "arguments": []}),
        ("workspace/executeCommand", {"command": "infill.accepted"}),
        ("workspace/executeCommand", {"command": "infill.accepted", "arguments": [1, 2]}),
    ],
    ids=str,
)
def test_parameters_that_cannot_be_read_are_invalid_params(client: RawClient, method: str, params: object) -> None:
    error = client.request(method, params)["error"]
    assert error["code"] == INVALID_PARAMS
    assert "data" not in error


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("textDocument/didOpen", None),
        ("textDocument/didOpen", {"textDocument": {"uri": "file:///project/b.py"}}),
        (
            "textDocument/didChange",
            {"textDocument": {"uri": "file:///project/a.py", "version": 2}, "contentChanges": 5},
        ),
        ("textDocument/didChange", {"textDocument": {"uri": "file:///project/a.py"}, "contentChanges": [{}]}),
        ("textDocument/didChange", {"textDocument": {"uri": "file:///project/a.py"}, "contentChanges": [{"text": 5}]}),
        ("textDocument/didClose", {"textDocument": 5}),
        ("workspace/didChangeWatchedFiles", {"changes": [{"uri": 5}]}),
        ("workspace/didChangeWorkspaceFolders", {"event": None}),
        ("workspace/didChangeConfiguration", 7),
        ("notebookDocument/didChange", {"change": {"cells": {"structure": {"didOpen": 5}}}}),
        ("infill/didShow", {}),
        ("$/cancelRequest", {"id": None}),
        ("$/cancelRequest", {"id": [1]}),
        ("$/cancelRequest", "nonsense"),
        ("$/cancelRequest", {"id": 424242}),
    ],
    ids=str,
)
def test_a_notification_that_cannot_be_read_is_ignored_without_a_popup(
    client: RawClient, method: str, params: object
) -> None:
    client.notify(method, params)
    client.request("infill/status", None)
    assert not [said for said in client.notified if said["method"] == "window/showMessage"]


def test_an_object_in_the_parameters_may_have_a_key_jsonrpc(client: RawClient) -> None:
    params = inline(0, 5, extra={"jsonrpc": "2.0", "id": 1, "method": "x"})
    assert client.request("textDocument/inlineCompletion", params)["result"]["items"]


@pytest.mark.parametrize("uri", [NOWHERE, "", "not a uri", "http://[", "file:///%00", "file:///\ud800%20", "untitled:"])
def test_a_document_that_is_not_open_gets_an_empty_list(client: RawClient, uri: str) -> None:
    assert client.request("textDocument/inlineCompletion", inline(0, 0, uri))["result"] == {"items": []}


@pytest.mark.parametrize("uri", ["", "not a uri", "http://[", "file:///%00", "file:///\ud800%20", "untitled:"])
def test_a_document_with_a_broken_uri_is_a_document(client: RawClient, uri: str) -> None:
    client.open("odd", uri=uri)
    assert client.ghost(0, 3, uri) == "automatic|odd||3"
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})


@pytest.mark.parametrize(
    ("asked", "meant"),
    [((0, 99), (0, 7)), ((99, 0), (1, 3)), ((1, 2**31), (1, 3)), ((2**53, 2**53), (1, 3)), ((0, 1), (0, 0))],
)
def test_a_position_outside_of_the_text_or_inside_of_a_character_is_clamped(
    client: RawClient, asked: tuple[int, int], meant: tuple[int, int]
) -> None:
    client.open("😀 text\nend")
    reply = client.request("textDocument/inlineCompletion", inline(*asked))
    start = reply["result"]["items"][0]["range"]["start"]
    assert (start["line"], start["character"]) == meant


def test_a_position_with_a_fraction_of_zero_is_a_position(client: RawClient) -> None:
    client.send(frame(b'{"jsonrpc":"2.0","id":"f","method":"textDocument/inlineCompletion","params":{"textDocument":'
                      b'{"uri":"file:///project/a.py"},"position":{"line":0.0,"character":5.0}}}'))  # fmt: skip
    assert client.reply("f")["result"]["items"]


def test_two_requests_with_one_id_get_two_replies(client: RawClient) -> None:
    client.open("wait")
    request = frame(
        {"jsonrpc": "2.0", "id": "twice", "method": "textDocument/inlineCompletion", "params": inline(0, 4)}
    )
    client.send(request + request + request)
    client.notify("$/cancelRequest", {"id": "twice"})
    client.reply("twice", 3)
    client.request("infill/status", None)
    codes = [reply["error"]["code"] for reply in client.replies["twice"]]
    assert codes == [INVALID_REQUEST, INVALID_REQUEST, REQUEST_CANCELLED]


def test_a_cancelled_request_is_answered_at_once_and_its_work_is_cancelled(client: RawClient) -> None:
    client.open("wait")
    before = client.heard()
    id = client.ask("textDocument/inlineCompletion", inline(0, 4))
    client.request("infill/status", None)
    client.notify("$/cancelRequest", {"id": id})
    assert client.reply(id)["error"]["code"] == REQUEST_CANCELLED
    client.notify("$/cancelRequest", {"id": id})
    after = client.heard()
    assert (after["started"] - before["started"], after["cancelled"] - before["cancelled"]) == (1, 1)
    assert len(client.replies[id]) == 1


def test_the_newest_request_of_a_document_wins(client: RawClient) -> None:
    client.open("wait")
    client.open("wait", uri="file:///project/b.py")
    other = client.ask("textDocument/inlineCompletion", inline(0, 4, "file:///project/b.py"))
    older = client.ask("textDocument/inlineCompletion", inline(0, 4))
    client.change({"text": "typed"})
    assert client.ghost(0, 5) == "automatic|typed||5"
    assert client.reply(older)["error"]["code"] == REQUEST_CANCELLED
    assert not client.replies[other]
    client.notify("$/cancelRequest", {"id": other})
    assert client.reply(other)["error"]["code"] == REQUEST_CANCELLED


def test_a_request_sees_the_text_as_it_was_when_it_came(client: RawClient) -> None:
    def change(text: str) -> bytes:
        params = {"textDocument": {"uri": "file:///project/a.py", "version": 2}, "contentChanges": [{"text": text}]}
        return frame({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": params})

    for number in range(10):
        ask = {
            "jsonrpc": "2.0",
            "id": f"seen {number}",
            "method": "textDocument/inlineCompletion",
            "params": inline(0, 99),
        }
        client.send(change(f"text {number}") + frame(ask) + change("x"))
        assert client.reply(f"seen {number}")["error"]["code"] == REQUEST_CANCELLED
    asked = [entry[1] for entry in client.heard()["heard"] if entry[0] == "asked"]
    assert asked == [f"text {number}" for number in range(10)]


def test_a_number_too_big_for_json_is_never_sent_back(client: RawClient) -> None:
    for digits in (b"1e400", b"-1e999"):
        client.send(frame(b'{"jsonrpc":"2.0","id":%s,"method":"infill/status"}' % digits))
        assert client.reply(None)["error"]["code"] == INVALID_REQUEST
        client.replies.clear()


def test_a_bug_costs_one_empty_reply_and_its_text_is_not_logged(client: RawClient) -> None:
    client.open("raise canary-7261")
    reply = client.request("textDocument/inlineCompletion", inline(0, 17))
    assert reply["result"] is None
    assert "error" not in reply
    client.wait_until(lambda: b"ValueError at edge_server.py" in client.stderr)
    assert b"canary" not in client.stderr


def test_edits_out_of_order_of_version_are_applied(client: RawClient) -> None:
    for version in (9, 3, 3, -1, None):
        client.change({"text": f"v{version}"}, version=version)
        assert client.ghost(0, 9).split("|")[1] == f"v{version}"


def test_a_change_at_positions_with_a_fraction_of_zero_is_made(client: RawClient) -> None:
    client.open("whole")
    place = {"line": 0.0, "character": 5.0}
    client.change({"text": " number", "range": {"start": place, "end": place}})
    assert client.ghost(0, 12).split("|")[1] == "whole number"


def test_a_change_of_a_document_that_is_not_open_is_ignored(client: RawClient) -> None:
    client.change(replace((0, 0), (0, 0), "a"), uri=NOWHERE)
    assert client.ghost(0, 0, NOWHERE) is None


def test_a_response_to_no_request_is_ignored(client: RawClient) -> None:
    replies = len(client.replies)
    for response in (
        {"id": 5, "result": 1},
        {"id": "x", "error": {"code": 1, "message": ""}},
        {"id": None, "result": 1},
    ):
        client.send(frame({"jsonrpc": "2.0", **response}))
    client.request("infill/status", None)
    assert len(client.replies) == replies + 1


@pytest.mark.parametrize(
    "header", [b"Content-Length: 999\r\n\r\n", b"Content-Length: 5\r\n\r\n", b"Content-Type: x\r\n\r\n", b""]
)
def test_after_a_wrong_length_the_next_message_is_answered(client: RawClient, header: bytes) -> None:
    body = json.dumps({"jsonrpc": "2.0", "method": "$/noise"}).encode()
    client.send(header + body)
    assert client.request("infill/status", None)["result"]
