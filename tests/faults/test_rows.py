"""Each row of the table of faults against a real server process and a real socket, as `infill doctor --self-test` runs them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from editors.headless.self_test.endpoint import reply, serving
from editors.headless.self_test.faults import FAULTS, Fault, healthy
from editors.headless.self_test.trial import Verdict, trials
from tests.tls import Authority


async def verdicts(faults: Sequence[Fault]) -> list[Verdict]:
    return [verdict async for verdict in trials(faults)]


@pytest.fixture(scope="module")
def of_all() -> dict[str, Verdict]:
    return {verdict.fault: verdict for verdict in asyncio.run(verdicts(FAULTS))}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_one_status_and_the_next_request_works(of_all: dict[str, Verdict], fault: Fault) -> None:
    assert of_all[fault.name].wrong == "", of_all[fault.name].said


def test_nothing_is_wrong_beside_the_rows(of_all: dict[str, Verdict]) -> None:
    assert set(of_all) == {fault.name for fault in FAULTS}


REFUSED = next(fault for fault in FAULTS if fault.name == "401")


@pytest.mark.parametrize(
    ("fault", "wrong"),
    [
        (replace(REFUSED, said=("no such words",)), "without no such words"),
        (replace(REFUSED, shows="ghost"), "in place of 'ghost'"),
        (replace(REFUSED, said=()), "the status is error"),
        (Fault("none at all", healthy("shown"), said=("trouble",)), "the status is ready"),
        (replace(next(fault for fault in FAULTS if fault.rests), rests=False), "afterwards a healthy endpoint"),
    ],
)
async def test_the_self_test_sees_what_does_not_hold(fault: Fault, wrong: str) -> None:
    [verdict] = await verdicts([fault])
    assert wrong in verdict.wrong


@pytest.mark.parametrize(
    ("name", "known", "expired", "said"),
    [
        ("127.0.0.1", False, False, "not trusted"),
        ("127.0.0.1", True, True, "expired"),
        ("other.example", True, False, "not trusted"),
    ],
)
async def test_a_certificate_that_cannot_be_trusted(
    tmp_path: Path, name: str, known: bool, expired: bool, said: str
) -> None:
    authority = Authority(tmp_path)
    async with serving(reply(), tls=authority.server(name, expired=expired)) as server:
        settings = {"base_url": server.url, **({"ca_file": str(authority.file)} if known else {})}
        [verdict] = await verdicts([Fault("certificate", reply(), (said,), settings=settings)])
        assert (verdict.wrong, server.asked) == ("", [])
