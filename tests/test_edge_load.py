"""What a fast typist, a big file and an editor that does not read may cost. Bounds are loose: the shape is what is tested."""

from __future__ import annotations

import random
from collections.abc import Iterator

import psutil
import pytest

from tests.raw_client import RawClient, frame, inline, replace

URI = "file:///project/a.py"
LINES_300 = "".join(f"def f{number}(x): return x + {number}\n" for number in range(300))


@pytest.fixture
def client() -> Iterator[RawClient]:
    with RawClient() as client:
        yield client


def cost(client: RawClient, data: bytes) -> tuple[float, float]:
    """Sends and waits until it has been worked off: the server's CPU seconds, growth of its memory in MB."""
    process = psutil.Process(client.process.pid)
    memory, cpu = process.memory_info().rss, sum(process.cpu_times()[:2])
    client.send(data)
    client.request("infill/status", None)
    return sum(process.cpu_times()[:2]) - cpu, (process.memory_info().rss - memory) / 1e6


def edits(count: int, lines: int, column: int = 5) -> bytes:
    """As many edits in lines drawn by chance: a character comes, a character goes."""
    chance = random.Random(1)
    frames = []
    for number in range(count):
        line = chance.randrange(lines)
        end = column if number % 2 == 0 else column + 1
        change = replace((line, column), (line, end), "x" if number % 2 == 0 else "")
        document = {"uri": URI, "version": number}
        params = {"textDocument": document, "contentChanges": [change]}
        frames.append(frame({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": params}))
    return b"".join(frames)


def test_twenty_thousand_edits_of_a_small_file_cost_little_more_than_reading_them_and_no_memory(
    client: RawClient,
) -> None:
    client.open(LINES_300)
    cost(client, edits(2_000, 300))
    nothing = frame({"jsonrpc": "2.0", "method": "$/setTrace", "params": {"value": "off"}})
    reading, _ = cost(client, nothing * 20_000)
    cpu, growth = cost(client, edits(20_000, 300))
    assert cpu < 15 * reading + 0.1
    assert growth < 2


def test_an_edit_of_a_big_file_costs_no_more_than_one_of_a_small_file(client: RawClient) -> None:
    client.open(LINES_300 * 130)
    cpu, _ = cost(client, edits(1_000, 39_000))
    assert cpu / 1_000 < 0.001  # joining the text once costs five times that


@pytest.mark.parametrize("character", ["x", "é"])
def test_a_line_of_a_million_characters_can_be_edited(client: RawClient, character: str) -> None:
    client.open(character * 1_000_000)
    cpu, _ = cost(client, edits(20, 1, 500_000))
    assert cpu / 20 < 0.05


def test_a_document_of_fifty_megabytes_is_refused_with_a_reason_and_not_kept(client: RawClient) -> None:
    client.open("x = 1")
    client.open("0123456789abcde\n" * (51 * 2**16), uri="file:///huge")
    assert client.ghost(3, 3, "file:///huge") is None
    [said] = [said for said in client.notified if said["method"] == "window/logMessage"]
    assert "53,477,376 characters are more than" in said["params"]["message"]
    assert psutil.Process(client.process.pid).memory_info().rss < 120e6
    assert client.ghost(0, 5) == "automatic|x = 1||5"


def test_ten_thousand_requests_and_cancellations_are_each_answered_once(client: RawClient) -> None:
    client.open("wait")
    ids = range(1_000_000, 1_010_000)
    messages = []
    for id in ids:
        ask = {"jsonrpc": "2.0", "id": id, "method": "textDocument/inlineCompletion", "params": inline(0, 4)}
        messages += [frame(ask), frame({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": id}})]
    _, growth = cost(client, b"".join(messages))
    assert {client.reply(id)["error"]["code"] for id in ids} == {-32800}
    assert all(len(client.replies[id]) == 1 for id in ids)
    assert growth < 20
    heard = client.heard()
    assert heard["started"] == heard["cancelled"]


def test_an_editor_that_does_not_read_for_a_while_gets_all_its_answers(client: RawClient) -> None:
    uris = [f"file:///{number}" for number in range(40)]
    for uri in [*uris, "file:///typed-in"]:
        client.open("prefix" + "x" * 250_000, uri=uri)
    client.request("infill/status", None)
    client.reading.clear()
    ids = [client.ask("textDocument/inlineCompletion", inline(0, 250_006, uri)) for uri in uris]
    for number in range(100):
        client.change(replace((0, 0), (0, 0), "y"), uri="file:///typed-in", version=number)
    client.reading.set()
    for id in ids:
        assert len(client.reply(id)["result"]["items"][0]["insertText"]) == 250_006


def test_a_thousand_documents_are_held_and_let_go(client: RawClient) -> None:
    def documents(method: str) -> bytes:
        return b"".join(
            frame(
                {
                    "jsonrpc": "2.0",
                    "method": method,
                    "params": {
                        "textDocument": {"uri": f"file:///{id}", "text": LINES_300, "version": 1, "languageId": "a"}
                    },
                }
            )
            for id in range(1_000)
        )

    _, growth = cost(client, documents("textDocument/didOpen"))
    assert growth < 60
    cost(client, documents("textDocument/didClose"))
    _, again = cost(client, documents("textDocument/didOpen"))
    assert again < 15
