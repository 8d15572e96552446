"""Anything in any order: each request gets as many replies as it was sent times, and the text stays the editor's."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.raw_client import SERVER, RawClient, frame, inline
from tests.shell import new_user

URIS = ("file:///project/a.py", "file:///project/b%20c.py", "untitled:Untitled-1")
NUMBERS = count(1)

numbers = st.integers(-1, 6)
positions = st.fixed_dictionaries({"line": numbers, "character": numbers})
texts = st.sampled_from(["", "x", "wait", "raise", "\r\n", "\n", "é😀", "\ud800", "nothing\n"])
uris = st.sampled_from(URIS)
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["uri", "textDocument", "position", "id"]), inner)
    ),
    max_leaves=6,
)


def message(method: str, params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}


edits = st.lists(
    st.fixed_dictionaries(
        {"text": texts}, optional={"range": st.fixed_dictionaries({"start": positions, "end": positions})}
    ),
    max_size=3,
)
notifications = st.one_of(
    st.builds(
        lambda uri, text: message("textDocument/didOpen", {"textDocument": {"uri": uri, "text": text, "version": 1}}),
        uris,
        texts,
    ),
    st.builds(
        lambda uri, changes: message(
            "textDocument/didChange", {"textDocument": {"uri": uri, "version": 2}, "contentChanges": changes}
        ),
        uris,
        edits,
    ),
    st.builds(lambda uri: message("textDocument/didClose", {"textDocument": {"uri": uri}}), uris),
    st.builds(
        message, st.sampled_from(["textDocument/didChange", "$/cancelRequest", "workspace/didChangeWatchedFiles"]), junk
    ),
)
requests = st.one_of(
    st.builds(
        lambda at, uri: message("textDocument/inlineCompletion", {**inline(0, 0, uri), "position": at}), positions, uris
    ),
    st.builds(
        message, st.sampled_from(["textDocument/inlineCompletion", "workspace/executeCommand", "unknown/method"]), junk
    ),
)
noise = st.sampled_from(
    [
        b"noise\r\n\r\n",
        b"Content-Length: 3\r\n\r\n{}",
        b"Content-Length: 400\r\n\r\n{}",
        b"Content-Length: x\r\n\r\n",
        frame(b"{"),
        frame(b"[]"),
        frame(b"\xff"),
    ]
)
steps = st.lists(st.one_of(notifications, requests, requests, noise), max_size=25)


WHOLE = [sys.executable, "-P", "-m", "lsp_server"]


@pytest.fixture(scope="module", params=[SERVER, WHOLE], ids=["the edge alone", "the whole server"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawClient]:
    with pytest.MonkeyPatch.context() as patch:
        new_user(tmp_path_factory.mktemp("user"), patch)
        patch.setenv("INFILL_BACKEND", "workspace")
        with RawClient(request.param) as client:
            yield client


@given(steps=steps, cancelled=st.lists(st.integers(0, 30), max_size=5), reused=st.booleans())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_each_request_gets_one_reply(client: RawClient, steps: list[Any], cancelled: list[int], reused: bool) -> None:
    sent: Counter[str] = Counter()
    start = next(NUMBERS)
    for number, step in enumerate(steps):
        if isinstance(step, bytes):
            client.send(step)
            continue
        if number in cancelled:
            client.notify("$/cancelRequest", {"id": f"{start}-{number - 1}"})
        if not step["method"].startswith(("textDocument/did", "$/", "workspace/did")):
            id = f"{start}-{number // 2 if reused else number}"
            step = {**step, "id": id}
            sent[id] += 1
        client.send(frame(json.dumps(step).encode()))
    for _ in range(2):  # noise may swallow the beginning of the first, never of the second
        client.notify("$/nothing", None)
    for uri in URIS:
        client.ask("textDocument/inlineCompletion", inline(0, 0, uri))
    client.request("infill/status", None)
    for id in sent:
        client.notify("$/cancelRequest", {"id": id})
    client.request("infill/status", None)
    answered = {id: len(client.replies[id]) for id in sent}
    lost = {id: (count, answered[id]) for id, count in sent.items() if answered[id] != count}
    assert not lost
