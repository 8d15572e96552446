"""Public sets of holes, in files written here in their formats: what is read, asked, compared and run, and what is not."""

from __future__ import annotations

import gzip
import json
import socket
import tempfile
from pathlib import Path

import pytest

from editors.headless.cli import main
from editors.headless.fim.sandbox import Sandbox, is_right
from editors.headless.fim.sets import NoSet, read
from editors.headless.runs.journal import read as read_run
from editors.headless.runs.rows import Row
from tests.provider import provider

HUMAN_EVAL = {
    "task_id": "SingleLineInfilling/HumanEval/7/L0",
    "entry_point": "twice",
    "prompt": "def twice(number):\n",
    "suffix": "",
    "canonical_solution": "    return 2 * number\n",
    "test": "def check(candidate):\n    assert candidate(4) == 8\n    assert candidate(0) == 0\n",
}
MIDDLE = HUMAN_EVAL | {
    "task_id": "SingleLineInfilling/HumanEval/8/L1",
    "canonical_solution": "    result = 2 * number\n",
    "suffix": "    return result\n",
}
MULTI = HUMAN_EVAL | {
    "task_id": "MultiLineInfilling/HumanEval/7/L0_L1",
    "canonical_solution": "    result = 2 * number\n    return result\n",
}
SPAN = HUMAN_EVAL | {
    "task_id": "RandomSpanInfilling/HumanEval/7/1",
    "prompt": "def twice(number):\n    return ",
    "canonical_solution": "2 * num",
    "suffix": "ber\n",
}
SANTACODER = {
    "name": "HumanEval_3_below",
    "language": "py",
    "prompt": "def below(a, b):\n",
    "suffix": "\n    return lower\n",
    "canonical_solution": "    lower = a < b",
    "tests": "assert below(1, 2)\nassert not below(2, 1)\n",
}
SAFIM = {
    "task_id": "control_completion_000017",
    "lang": "python",
    "prompt": "n = int(input())\n# your code here\nprint(n)\n",
    "eval_prompt": "n = int(input())\nif {{completion}}:\n    n = -n\nprint(n)\n",
    "ground_truth": "n < 0",
    "unit_tests": json.dumps([{"input": "-3\n", "output": ["3"]}, {"input": "4\n", "output": "4"}]),
}
EVERY = (HUMAN_EVAL, MULTI, SPAN, SANTACODER, SAFIM, MIDDLE)


def data(folder: Path, *rows: object, name: str = "data.jsonl") -> Path:
    path = folder / name
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def rows(path: Path) -> dict[str, Row]:
    return {row.id: row for row in read_run(path).rows}


def fim(path: Path, out: Path, answer: str, *more: str) -> dict[str, Row]:
    arguments = ("bench", "fim", str(path), "--backend", "scripted", "--model", answer, "--out", str(out), *more)
    assert main(arguments) == 0
    return rows(out)


@pytest.mark.parametrize("name", ["data.jsonl", "data.jsonl.gz"])
def test_every_set_is_known_by_its_keys(tmp_path: Path, name: str) -> None:
    holes = read(data(tmp_path, *EVERY, name=name))
    assert [hole.set for hole in holes] == [
        "HumanEval-Infilling SingleLine",
        "HumanEval-Infilling MultiLine",
        "HumanEval-Infilling RandomSpan",
        "SantaCoder-FIM",
        "SAFIM control",
        "HumanEval-Infilling SingleLine",
    ]
    assert [hole.one_line for hole in holes] == [True, False, False, True, False, True]
    assert {hole.group for hole in holes[:3]} == {"HumanEval/7"}
    assert (holes[4].prefix, holes[4].suffix) == ("n = int(input())\nif ", ":\n    n = -n\nprint(n)\n")


def test_a_true_answer_passes_and_an_empty_one_does_not(tmp_path: Path) -> None:
    sandbox = Sandbox()
    for hole in read(data(tmp_path, *EVERY)):
        assert sandbox.passes(hole.language, hole.program(hole.truth), hole.inputs), hole.id
        assert sandbox.passes(hole.language, hole.program(hole.truth.rstrip()), hole.inputs), hole.id
        assert not sandbox.passes(hole.language, hole.program(""), hole.inputs), hole.id


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds nothing"),
        (b'{"question": 1}\n', "Line 1 of .* of none of the sets"),
        (b"not json\n", "Line 1"),
        (json.dumps(HUMAN_EVAL | {"prompt": 3}).encode(), "a text is not one"),
        (json.dumps(HUMAN_EVAL | {"entry_point": "a); import os; ("}).encode(), "is no name"),
        (json.dumps(SAFIM | {"eval_prompt": "x"}).encode(), "no {{completion}}"),
        (b"\xff\xfe\n", "is damaged"),
        (2 * (json.dumps(HUMAN_EVAL).encode() + b"\n"), "1 of its holes twice"),
    ],
)
def test_what_is_no_set_is_said(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "data.jsonl"
    path.write_bytes(content)
    with pytest.raises(NoSet, match=words):
        read(path)


def test_answers_are_compared_and_not_run_without_being_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = data(tmp_path, HUMAN_EVAL, MULTI)
    found = fim(path, tmp_path / "run", "    return 2 * number  \nand more that is not asked for")
    single = found["SingleLineInfilling/HumanEval/7/L0"].measures
    assert single["EM"] == (1.0, 1.0) and single["ES"][0] > 0.9 and single["EM, floor"] == (0.0, 1.0)
    multi = found["MultiLineInfilling/HumanEval/7/L0_L1"].measures
    assert multi["EM, whole"] == (0.0, 1.0) and "EM" not in multi
    assert not any(name.startswith("pass@1") for row in found.values() for name in row.measures)
    assert "2 holes have tests; --yes runs the programs" in capsys.readouterr().err


def test_programs_are_run_when_told(tmp_path: Path) -> None:
    (row,) = fim(data(tmp_path, SPAN), tmp_path / "run", "number + num", "--yes").values()
    assert row.measures["pass@1"] == (1.0, 1.0) and row.measures["pass@1, floor"] == (0.0, 1.0)
    assert row.measures["EM, whole"] == (0.0, 1.0)


@pytest.mark.parametrize(
    "program",
    [
        "raise SystemExit(1)",
        "while True: pass",
        "import time\ntime.sleep(60)",
        "room = bytearray(3 << 30)",
        "with open('large', 'wb') as file:\n    for _ in range(64): file.write(bytes(1 << 20))",
        "import os\nos.kill(os.getpid(), 9)",
        "import os\nif 'INFILL_SECRET' not in os.environ: raise SystemExit(1)",
    ],
)
def test_a_program_that_misbehaves_does_not_pass_and_ends(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFILL_SECRET", "x")
    assert not Sandbox().passes("python", program, seconds=1)


def test_a_program_has_no_network_where_it_can_be_taken_away() -> None:
    sandbox = Sandbox()
    program = "import socket\nlistener = socket.create_server(('127.0.0.1', 0))"
    reached = "import socket\nsocket.create_connection(('127.0.0.1', {}), 1)"
    assert sandbox.passes("python", "print(1)")
    with provider() as model:
        port = int(model.url.rpartition(":")[2])
        assert sandbox.passes("python", reached.format(port)) is sandbox.has_network
    assert sandbox.passes("python", program)


def test_a_program_writes_nowhere_else_where_that_can_be_forbidden(tmp_path: Path) -> None:
    sandbox, own, here = Sandbox(), tmp_path / "of-the-user", Path(__file__).with_name("of-a-program")
    own.write_text("mine")
    try:
        for place in (own, here):
            assert sandbox.passes("python", f"open({str(place)!r}, 'w').write('x')") is not sandbox.is_shut
    finally:
        here.unlink(missing_ok=True)
    assert (own.read_text() == "mine") is sandbox.is_shut
    undo = f"import os\nos.system('mount -o remount,rw /; umount /tmp')\nopen({str(own)!r}, 'w').write('x')"
    assert sandbox.passes("python", undo) is not sandbox.is_shut
    assert sandbox.passes("python", "import tempfile\nopen('own', 'w').write('x')\ntempfile.mkstemp()")


def test_a_program_sees_no_socket_among_those_of_services(tmp_path: Path) -> None:
    sandbox = Sandbox()
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/s")
        listener.listen()
        reach = f"import socket\nsocket.socket(socket.AF_UNIX).connect({folder + '/s'!r})"
        assert sandbox.passes("python", reach) is not sandbox.is_shut


def test_a_program_writes_to_no_process_and_to_no_setting_of_the_kernel() -> None:
    """Who runs this as root could set the machine's kernel by `/proc/sys` otherwise, from within the namespace."""
    sandbox = Sandbox()
    for file in ("/proc/self/oom_score_adj", "/proc/self/comm", "/proc/sys/kernel/core_pattern"):
        program = f"import os\nos.close(os.open({file!r}, os.O_WRONLY))"
        assert not (sandbox.is_shut and sandbox.passes("python", program))
    assert sandbox.passes("python", "open('/proc/self/status').read()")


def test_what_the_sandbox_cannot_forbid_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    fim(data(tmp_path, SPAN), tmp_path / "run", "number + num", "--yes")
    told = capsys.readouterr().err
    assert "have the network" in told and "overwrite your files" in told and "sockets" in told


def many(number: int) -> list[object]:
    return [HUMAN_EVAL | {"task_id": f"SingleLineInfilling/HumanEval/{one}/L0"} for one in range(number)]


def test_nothing_is_paid_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A backend that goes away in mid-run: what is done is kept, and the same command asks the rest only."""
    monkeypatch.setenv("MISTRAL_API_KEY", "k")
    path = data(tmp_path, *many(12))
    with provider() as model:
        arguments = ["bench", "fim", str(path), "--backend", "mistral", "--base-url", model.url, "--at-once", "1"]
        arguments += ["--out", str(tmp_path / "run")]
        model.answers_first(5, "    return 2 * number", then=401)
        assert main(arguments) == 3
        told = capsys.readouterr().err
        assert "5 of 12 holes are done and kept; the same command goes on" in told
        model.answers("    return 2 * number")
        assert main(arguments) == 0
        assert model.asked == 5 + 1 + 7
    found = rows(tmp_path / "run")
    assert len(found) == 12 and all(row.measures["EM"] == (1.0, 1.0) for row in found.values())
    assert all(row.measures["tokens per task"][0] == 21 for row in found.values())


def test_holes_that_failed_are_shown_and_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "k")
    path = data(tmp_path, *many(3))
    with provider() as model:
        arguments = ["bench", "fim", str(path), "--backend", "mistral", "--base-url", model.url, "--at-once", "1"]
        arguments += ["--out", str(tmp_path / "run")]
        model.answers_first(1, "    return 2 * number", then=500)
        assert main(arguments) == 3
        told = capsys.readouterr()
        assert "2 of 3 questions failed; the figures are of the other 1." in told.out and "failed 2 times" in told.err
        model.answers("    return 2 * number")
        assert main(arguments) == 0
        assert model.asked == 3 + 2
    assert read_run(tmp_path / "run").finished == {"rows": 3}


@pytest.mark.parametrize(
    ("said", "wanted", "right"),
    [
        ("YES\nNo\n", "Yes no", True),
        ("yes", "no", False),
        ("Alice", "alice", False),
        ("0.5000000000000001 3", "0.5 3.0", True),
        ("0.5001", "0.5", False),
        ("1", "1 1", False),
        ("nan", "inf", False),
        ("9" * 40, "9" * 39 + "8", False),
    ],
)
def test_outputs_are_compared_as_the_set_does(said: str, wanted: str, right: bool) -> None:
    assert is_right(said, wanted) is right


def test_holes_of_one_problem_are_one_group(tmp_path: Path) -> None:
    """The real files number all holes alike, and those of API calls as if they were blocks."""
    other = SAFIM | {"task_id": "control_completion_000018", "eval_prompt": "n = {{completion}}\nprint(abs(n))\n"}
    third = other | {
        "task_id": "control_completion_000019",
        "unit_tests": json.dumps([{"input": "1", "output": ["1"]}]),
    }
    api = {name: value for name, value in SAFIM.items() if name != "unit_tests"} | {
        "task_id": "block_completion_000001"
    }
    one, two, three, four = read(data(tmp_path, SAFIM, other, third, api))
    assert (
        one.group == two.group != three.group
        and four.set == "SAFIM api"
        and four.group == "SAFIM/block_completion_000001"
    )


def test_one_language_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = data(tmp_path, SAFIM, SAFIM | {"task_id": "control_completion_000018", "lang": "java"})
    assert main(["bench", "fim", str(path), "--out", str(tmp_path / "run"), "--language", "java"]) == 0
    assert [row.facets["language"] for row in rows(tmp_path / "run").values()] == ["java"]
    assert main(["bench", "fim", str(path), "--out", str(tmp_path / "run"), "--language", "cobol"]) == 2
    assert "no hole in cobol; the languages of this set are java, python" in capsys.readouterr().err
