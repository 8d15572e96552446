"""Statuses, error bodies of every shape, waits and redirects, each as a named row with a real socket. Synthetic."""

from __future__ import annotations

import pytest

from backends.errors import (
    BadReply,
    BadRequest,
    QuotaSpent,
    RateLimited,
    TimedOut,
    Unauthorised,
)
from backends.keys import Secret
from backends.mistral import Mistral
from context.clock import MonotonicClock
from editors.headless.self_test.endpoint import (
    endless,
    event,
    head_of,
    raw,
    reply,
    serving,
    stream,
)
from tests.mistral_asking import KEY, PATIENT, USERS_TEXT, failed, failed_at, piece
from tests.requests import fim_request


class TestRefused:
    """Statuses and the bodies they come with."""

    @pytest.mark.parametrize(
        "body", [{"message": "Unauthorized", "request_id": "r"}, {"detail": "Unauthorized"}, b"", b"<p>"]
    )
    async def test_401_names_both_kinds_of_key(self, body: object) -> None:
        await failed(reply(401, body), Unauthorised, "401", "api.mistral.ai", "codestral.mistral.ai", "infill key set")

    async def test_403(self) -> None:
        await failed(reply(403, {"object": "error", "message": "Not allowed", "code": 7}), Unauthorised, "403")

    async def test_402(self) -> None:
        await failed(reply(402, {"detail": "Payment required"}), QuotaSpent, "402")

    async def test_a_model_that_cannot_fill_in(self) -> None:
        body = {"object": "error", "message": "FIM is not enabled for this model", "param": None, "code": "3051"}
        await failed(reply(400, body), BadRequest, "fill in the middle", "codestral-latest")

    async def test_an_unknown_model(self) -> None:
        body = {"object": "error", "message": "Invalid model: codestral-2405", "type": "invalid_model", "code": "1500"}
        await failed(reply(400, body), BadRequest, "not known", "`model`")

    async def test_a_wrong_path(self) -> None:
        await failed(reply(404, {"message": "no Route matched with those values"}), BadRequest, "base_url")

    async def test_a_retired_model(self) -> None:
        await failed(reply(404, {"object": "error", "message": "gone"}), BadRequest, "404", "`model`")

    @pytest.mark.parametrize(
        "body",
        [
            {"detail": [{"type": "extra_forbidden", "loc": ["body", "n"], "msg": "Extra inputs", "input": USERS_TEXT}]},
            {
                "object": "error",
                "message": {"detail": [{"loc": ["body", "n"], "msg": "Extra inputs", "input": USERS_TEXT}]},
            },
            {
                "object": "Error",
                "detail": [{"loc": ["body", "n"], "msg": "Extra inputs", "ctx": {"e": USERS_TEXT}}],
                "code": 1,
            },
        ],
    )
    async def test_422_in_its_three_shapes_never_repeats_the_input(self, body: object) -> None:
        await failed(reply(422, body), BadRequest, "body.n: Extra inputs")

    async def test_words_that_quote_the_request_are_withheld(self) -> None:
        await failed(reply(400, {"message": f"cannot read {USERS_TEXT!r}"}), BadRequest, "400")

    async def test_a_prompt_that_is_too_long(self) -> None:
        body = {"object": "error", "message": "Prompt contains 140000 tokens, too large for model with 131072 context"}
        await failed(reply(400, body), BadRequest, "context_tokens")

    @pytest.mark.parametrize("status", [405, 409, 410, 413, 415, 451])
    async def test_other_refusals(self, status: int) -> None:
        await failed(reply(status), BadRequest, str(status))

    @pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 520, 425])
    async def test_a_server_in_trouble(self, status: int) -> None:
        await failed(reply(status, "<html>Bad gateway</html>", kind="text/html"), BadReply, str(status))

    async def test_408(self) -> None:
        await failed(reply(408), TimedOut, "408")

    async def test_a_refusal_whose_body_is_cut(self) -> None:
        await failed(raw(head_of(401, {"Content-Length": "500"}) + b'{"mess'), Unauthorised)

    async def test_a_refusal_whose_body_never_ends(self) -> None:
        await failed(endless(head_of(500, {}), b"x" * 20_000), BadReply)


class TestAskedToWait:
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"Retry-After": "7"}, 7),
            ({"Retry-After": "7", "retry-after-ms": "1500"}, 1.5),
            ({"Retry-After": "Sat, 21 Nov 2026 10:00:20 GMT", "Date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 20),
            ({"Retry-After": "Sat, 21 Nov 2026 09:00:00 GMT", "Date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 0),
            ({"Retry-After": "31536000"}, 300),
            ({"Retry-After": "soon"}, 10),
            ({"Retry-After": "-5"}, 10),
            ({"Retry-After": "nan"}, 10),
            ({}, 10),
        ],
    )
    async def test_429(self, headers: dict[str, str], seconds: float) -> None:
        body = {"object": "error", "message": "Rate limit exceeded", "type": "rate_limited", "raw_status_code": 429}
        error = await failed(reply(429, body, headers=headers), RateLimited, "429")
        assert isinstance(error, RateLimited)
        assert error.after == seconds

    async def test_a_limit_of_zero_is_no_wait_but_a_plan(self) -> None:
        headers = {"x-ratelimit-limit-req-minute": "0", "Retry-After": "7"}
        await failed(reply(429, {"message": "Requests rate limit exceeded"}, headers=headers), QuotaSpent, "plan")

    async def test_a_spent_budget(self) -> None:
        await failed(reply(429, {"error": {"message": "no", "code": "insufficient_quota"}}), QuotaSpent)
        await failed(reply(400, {"error": {"message": "Budget has been exceeded! Max: 1.0"}}), QuotaSpent)

    @pytest.mark.parametrize("status", [503, 529])
    async def test_a_server_that_is_full(self, status: int) -> None:
        body = {"object": "error", "message": "Service tier capacity exceeded for this model."}
        await failed(reply(status, body), RateLimited, str(status))


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_to_another_origin_takes_no_key_along(self, status: int) -> None:
        async with serving(stream([piece("stolen", "stop")])) as other:
            await failed(reply(status, headers={"Location": f"{other.url}/v1"}), BadRequest, other.url, "base_url")
            assert other.asked == []
            assert other.connections == 0

    async def test_to_itself(self) -> None:
        async with serving(reply(307, headers={"Location": "/v1/fim/completions"})) as server:
            await failed_at(server.url, BadRequest)
            assert len(server.asked) == 1


async def test_a_cookie_is_not_sent_back() -> None:
    headers = {"Set-Cookie": "track=1; Path=/"}
    async with serving(stream([piece("x", "stop"), event("[DONE]")], headers=headers)) as server:
        mistral = Mistral(server.url, key=Secret(KEY), clock=MonotonicClock(), wiring=PATIENT)
        for _ in range(2):
            assert [each async for each in mistral.stream(fim_request())]
        await mistral.aclose()
        assert all("cookie" not in asked.headers for asked in server.asked)
        assert server.connections == 1
