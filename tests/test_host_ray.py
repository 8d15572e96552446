"""Two replicas of a tiny model on a Ray cluster: a document stays with its replica, streams flow, cancels arrive."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
import ray
from ray import serve

from backends.host.folder import Unusable
from backends.host.ray_app import app, document_of
from context.clock import MonotonicClock
from tests import tiny_model_folder
from tests.hosting import FIM

KEY = "the-teams-key"
BODY = {"model": "tiny", "prompt": "def send(request):\n    return re", "suffix": "\n"}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("team")
    tiny_model_folder.write(folder / "tiny", says=" request.context\n")
    key = folder / "key"
    key.write_text(KEY)
    key.chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    root = str(Path(__file__).resolve().parent.parent)
    environment = {"env_vars": {"PYTHONPATH": root, "OMP_WAIT_POLICY": "passive"}}
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, runtime_env=environment)
    try:
        serve.start(http_options={"host": "127.0.0.1", "port": port})
        options = {"model": str(folder / "tiny"), "name": "tiny", "precision": "fp32", "replicas": "2"}
        serve.run(app({**options, "key_file": str(key)}))
        yield f"http://127.0.0.1:{port}"
    finally:
        serve.shutdown()
        ray.shutdown()


@pytest.fixture
async def client(address: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {KEY}"}, timeout=60) as made:
        yield made


@pytest.mark.timeout(300)
async def test_a_team_is_served(client: httpx2.AsyncClient) -> None:
    """One test, since a cluster takes its time to come up."""
    await a_document_stays_with_its_replica(client)
    await streams_flow(client)
    await who_may_not_ask_is_refused(client)
    await a_client_that_goes_is_let_go(client)


async def a_document_stays_with_its_replica(client: httpx2.AsyncClient) -> None:
    seen: dict[str, set[str]] = {}
    for _ in range(3):
        for document in map(str, range(12)):
            reply = await client.post(FIM, json={**BODY, "prompt_cache_key": document})
            assert reply.json()["choices"][0]["message"]["content"] == "quest.context\n"
            seen.setdefault(document, set()).add(reply.headers["x-infill-replica"])
    assert all(len(replicas) == 1 for replicas in seen.values())
    assert len(set.union(*seen.values())) == 2, "both are used"


async def streams_flow(client: httpx2.AsyncClient) -> None:
    async with client.stream("POST", FIM, json={**BODY, "stream": True}) as reply:
        lines = [line async for line in reply.aiter_lines() if line]
    text = "".join(json.loads(line[6:])["choices"][0]["delta"]["content"] for line in lines[:-1])
    assert text == "quest.context\n"
    assert lines[-1] == "data: [DONE]"


async def who_may_not_ask_is_refused(client: httpx2.AsyncClient) -> None:
    for headers, status in (({"Authorization": "Bearer x"}, 401), ({"Origin": "null"}, 403), ({"Host": "evil"}, 403)):
        assert (await client.post(FIM, json=BODY, headers=headers)).status_code == status
    assert (await client.post(FIM, json={**BODY, "n": 1})).status_code == 422
    assert (await client.get("/v1/models")).json()["data"][0]["id"] == "tiny"


async def a_client_that_goes_is_let_go(client: httpx2.AsyncClient) -> None:
    long = {**BODY, "stream": True, "min_tokens": 400, "max_tokens": 400, "prompt_cache_key": "gone"}
    async with client.stream("POST", FIM, json=long) as reply:
        replica = reply.headers["x-infill-replica"]
        async for _ in reply.aiter_lines():
            break
    clock = MonotonicClock()
    until = clock.now() + 30
    while clock.now() < until:
        counted = await client.get("/metrics")
        if counted.headers["x-infill-replica"] == replica and 'outcome="cancelled"' in counted.text:
            return
        await clock.sleep(0.05)
    raise AssertionError("the replica went on")


def test_without_a_key_there_is_no_cluster(tmp_path: Path) -> None:
    for options in ({"model": "x"}, {"model": "x", "key_file": str(tmp_path / "none")}):
        with pytest.raises(Unusable, match="needs a key"):
            app(options)


def test_the_document_of_a_request() -> None:
    assert document_of(b'{"prompt_cache_key": "d"}') == "d"
    for body in (b"", b"{", b"[]", b'{"prompt_cache_key": 7}', b"[" * 100_000):
        assert document_of(body) == ""
