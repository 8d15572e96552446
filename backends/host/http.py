"""The host's HTTP: Mistral's contract, its strict bodies and the shapes of its errors, answered by a `Service`.

A client that goes away ends its request within one step of the model, before the first token too: every answer is awaited beside
the client's disconnection. `application` is what uvicorn serves; `access.Guard` stands in front of it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeVar

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backends.host import replies
from backends.host.access import App, Guard, Receive, Rules, Scope, Send, TooLarge
from backends.host.bodies import Asked, ChatBody, FimBody
from backends.host.jobs import HostBusy, HostClosing, HostError, HostOutOfMemory, Tally, TooLong
from backends.host.metrics import CONTENT_TYPE, Metrics
from backends.host.replies import LAST, Form, Refused
from backends.host.service import End, Events, Service, Talk
from context.clock import Clock

log = logging.getLogger(__name__)

FIM = "/v1/fim/completions"
CHAT = "/v1/chat/completions"
BODY_TIME = 30.0
"""Seconds that a body may take to arrive."""

Body = TypeVar("Body", bound=Asked)


class Gone(Exception):
    """The client closed its connection."""


def application(
    service: Service, metrics: Metrics, rules: Rules, clock: Clock, *, wall: Callable[[], float] = time.time
) -> App:
    """`wall`: seconds since 1970, for `created`."""
    host = _Host(service, metrics, clock, wall)
    routes = [
        Route(FIM, host.fill, methods=["POST"]),
        Route(CHAT, host.talk, methods=["POST"]),
        Route("/v1/models", host.models, methods=["GET"]),
        Route("/v1/models/{name:path}", host.model, methods=["GET"]),
        Route("/health", host.health, methods=["GET"]),
        Route("/metrics", host.counted, methods=["GET"]),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _unknown})
    return Guard(app, rules)


class _Host:
    def __init__(self, service: Service, metrics: Metrics, clock: Clock, wall: Callable[[], float]) -> None:
        self._service, self._metrics, self._clock, self._wall = service, metrics, clock, wall

    async def fill(self, request: Request) -> Response:
        return await self._answered(request, FIM, FimBody, self._service.fill)

    async def talk(self, request: Request) -> Response:
        return await self._answered(request, CHAT, ChatBody, self._service.talk)

    async def models(self, request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [self._card()]})

    async def model(self, request: Request) -> Response:
        model = self._service.model
        if request.path_params["name"] not in (model.name, *model.aliases):
            return _refusal(Refused(404, "The requested model does not exist.", kind="invalid_model", code="1500"))
        return JSONResponse(self._card())

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", "model": self._service.model.name, "active": self._metrics.active})

    async def counted(self, request: Request) -> Response:
        return Response(self._metrics.text(), media_type=CONTENT_TYPE)

    def _card(self) -> dict[str, object]:
        model = self._service.model
        return replies.model_card(
            model.name, model.aliases, fills=model.fills, talks=model.chat.is_there, context_tokens=model.context_tokens
        )

    async def _answered(
        self, request: Request, path: str, kind: type[Body], ask: Callable[[Body, str], Events]
    ) -> Response:
        """The reply to a request, whatever happens. What fails after a stream has begun ends that stream."""
        self._metrics.begun()
        outcome, streaming = "500", False
        try:
            body = await _body(request, kind)
            form = Form(body.model, int(self._wall()))
            started = self._clock.now()
            events = ask(body, _client(request, body))
            first = await _unless_gone(request, anext(events))
            self._metrics.first(path, self._clock.now() - started)
            if body.stream:
                streaming = True
                return _Stream(self._streamed(path, form, first, events))
            text, end = await _unless_gone(request, _whole(first, events))
            outcome = end.finish
            return JSONResponse(form.whole(text, end.finish, end.tally, end.calls))
        except Gone:
            outcome = "cancelled"
            return Response(status_code=499)
        except ValidationError as error:
            outcome = "422"
            entries = error.errors(include_url=False, include_context=False, include_input=False)
            return JSONResponse(replies.invalid(entries), status_code=422)
        except (Refused, HostError, TooLarge, TimeoutError) as error:
            refused = _as_refused(error)
            outcome = str(refused.status)
            return _refusal(refused)
        except Exception as error:
            log.error("a request failed: %s", _where(error))
            return _refusal(Refused(500, "The host failed at this request; it lives on.", kind="server_error"))
        finally:
            if not streaming:
                self._metrics.ended(path, outcome)

    async def _streamed(self, path: str, form: Form, first: Talk | End, events: Events) -> AsyncGenerator[str, None]:
        """The events of a stream as they go over the wire, to `[DONE]`."""
        outcome, end = "cancelled", End("error", Tally(0))
        try:
            yield form.first()
            if isinstance(first, Talk):
                yield form.piece(first.text)
                async with aclosing(events):
                    async for event in events:
                        if isinstance(event, Talk):
                            yield form.piece(event.text)
                        else:
                            end = event
            else:
                end = first
            outcome = end.finish
            yield form.last("", end.finish, end.tally, end.calls)
            yield LAST
        except Exception as error:
            log.error("a stream failed: %s", _where(error))
            outcome = "error"
            yield form.last("", "error", Tally(0))
            yield LAST
        finally:
            await events.aclose()
            self._metrics.ended(path, outcome)


class _Stream(Response):
    """Server-sent events, ended as soon as the client is gone."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[str, None]) -> None:
        super().__init__(headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
            await self._events.aclose()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async with aclosing(self._events):
            async for event in self._events:
                await send({"type": "http.response.body", "body": event.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _body(request: Request, kind: type[Body]) -> Body:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != "application/json":
        raise Refused(415, "The body has to be application/json.")
    async with asyncio.timeout(BODY_TIME):
        content = await request.body()
    body: Body = kind.model_validate_json(content)
    return body


async def _whole(first: Talk | End, events: Events) -> tuple[str, End]:
    """All text of an answer and its end."""
    text = first.text if isinstance(first, Talk) else ""
    end = first if isinstance(first, End) else None
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Talk):
                text += event.text
            else:
                end = event
    assert end is not None, "the last event of an answer is its end"
    return text, end


async def _unless_gone(request: Request, work: Awaitable[Any]) -> Any:
    """The result of `work`, which is cancelled as soon as the client is gone. Raises `Gone`."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.create_task(_disconnected(request.receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Gone
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _client(request: Request, body: Asked) -> str:
    """Who asks, for fairness: another machine by its address; on this one, where all look alike, each document for itself."""
    machine = request.client.host if request.client else ""
    return machine if machine not in ("", "127.0.0.1", "::1") else body.prompt_cache_key or ""


def _as_refused(error: Exception) -> Refused:
    match error:
        case Refused():
            return error
        case TooLong():
            return Refused(400, f"The prompt is too long for the model's context. {error}", code="3051")
        case HostBusy():
            return Refused(503, str(error), kind="server_error", after=error.after)
        case HostOutOfMemory() | HostClosing():
            return Refused(503, str(error), kind="server_error", after=1)
        case TooLarge():
            return Refused(413, str(error))
        case TimeoutError():
            return Refused(408, f"The body did not arrive within {BODY_TIME:.0f} s.")
        case _:
            return Refused(500, str(error), kind="server_error")


def _refusal(refused: Refused) -> Response:
    headers = {"Retry-After": f"{max(refused.after, 1):.0f}"} if refused.after else None
    return JSONResponse(refused.body, status_code=refused.status, headers=headers)


async def _unknown(request: Request, error: Exception) -> Response:
    """Paths and methods that there are not."""
    assert isinstance(error, HTTPException), "registered for nothing else"
    message = "no Route matched with those values" if error.status_code == 404 else error.detail
    response = _refusal(Refused(error.status_code, message))
    response.headers.update(error.headers or {})
    return response


def _where(error: Exception) -> str:
    """The error's type and the place in the source, never its message: that may hold text of a file."""
    trace, place = error.__traceback__, "?"
    while trace is not None:
        place, trace = f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}", trace.tb_next
    return f"{type(error).__name__} in {place}"
