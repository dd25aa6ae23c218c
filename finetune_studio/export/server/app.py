"""OpenAI's interface over HTTP: `/v1/models`, `/v1/chat/completions`, `/v1/completions`, `/health`.

No cross-origin headers are sent, requests must say that they are JSON, and on the loopback the
name they call must be a loopback name: so no web page can talk to the model behind the person's
back.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from finetune_studio.export.server import answers
from finetune_studio.export.server.asked import Asked, ChatAsked, TextAsked
from finetune_studio.export.server.desk import BusyError, Desk, Stream
from finetune_studio.export.server.guard import Guard, RefusedRequestError
from finetune_studio.export.server.model import PromptError, Sampling
from finetune_studio.i18n import tr

LARGEST = 4 << 20
"""Bytes of a request; about a million tokens of text."""
Kind = TypeVar("Kind", bound=Asked)
Log = Callable[[str], None]


def application(desk: Desk, *, key: str = "", local: bool = True, log: Log | None = None) -> Any:
    """The server's application.

    Args:
        desk: Takes the requests.
        key: What clients must send as their API key; empty lets everybody in.
        local: Whether only loopback names may be called.
        log: Hears a line for each request, without anything that was said.
    """
    routes = _Routes(desk)
    app = Starlette(
        routes=[
            Route("/health", routes.health),
            Route("/v1/models", routes.models),
            Route("/v1/models/{name:path}", routes.model),
            Route("/v1/chat/completions", routes.chat, methods=["POST"]),
            Route("/v1/completions", routes.text, methods=["POST"]),
        ],
        exception_handlers={
            RefusedRequestError: _refused,
            HTTPException: _unknown,
            BusyError: _busy,
            Exception: _failed,
        },
    )
    return Guard(app, key, local, log)


class _Routes:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._model = desk, desk.model
        self._begun = int(time.time())

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", "model": self._model.name})

    async def models(self, request: Request) -> Response:
        return JSONResponse(answers.models(self._model.name, self._begun))

    async def model(self, request: Request) -> Response:
        self._refuse_other(request.path_params["name"])
        return JSONResponse(answers.model(self._model.name, self._begun))

    async def chat(self, request: Request) -> Response:
        asked = await _read(request, ChatAsked)
        self._refuse_other(asked.model)
        if not self._model.chats:
            raise RefusedRequestError(
                400,
                tr("This model has no chat template; ask it at /v1/completions."),
                param="messages",
            )
        try:
            ids = self._model.prompt(asked.conversation())
        except PromptError as error:
            raise RefusedRequestError(
                400,
                tr("The chat template refuses these messages: {why}").format(why=error),
                param="messages",
            ) from error
        return await self._answered(request, asked, ids, answers.Answer("chat", self._model.name))

    async def text(self, request: Request) -> Response:
        asked = await _read(request, TextAsked)
        self._refuse_other(asked.model)
        ids = self._model.encode(asked.prompt)
        return await self._answered(request, asked, ids, answers.Answer("text", self._model.name))

    def _refuse_other(self, name: str) -> None:
        if name != self._model.name:
            raise RefusedRequestError(
                404,
                tr("There is no model “{name}” here, only “{own}”.").format(
                    name=name, own=self._model.name
                ),
                code="model_not_found",
                param="model",
            )

    async def _answered(
        self, request: Request, asked: Asked, ids: list[int], answer: answers.Answer
    ) -> Response:
        room = self._model.context - len(ids)
        if room < 1 or not ids:
            raise RefusedRequestError(
                400,
                tr("The prompt has {count} tokens; the model holds {most} with its answer.").format(
                    count=len(ids), most=self._model.context
                ),
                code="context_length_exceeded" if ids else "",
                param="messages" if isinstance(asked, ChatAsked) else "prompt",
            )
        sampling = Sampling(
            1.0 if asked.temperature is None else asked.temperature,
            1.0 if asked.top_p is None else asked.top_p,
            asked.seed,
            min(asked.tokens, room),
        )
        if asked.stream:
            events = self._events(asked, ids, sampling, answer)
            begun = await anext(events)  # a refusal is still an answer of its own
            return StreamingResponse(_with_first(begun, events), media_type="text/event-stream")
        return await _unless_gone(request, self._whole(asked, ids, sampling, answer))

    async def _whole(
        self, asked: Asked, ids: list[int], sampling: Sampling, answer: answers.Answer
    ) -> Response:
        async with self._desk.answer(ids, sampling, asked.stop) as stream:
            text = "".join([piece async for piece in stream.texts()])
        self._refuse_half(stream)
        taken = stream.taking
        return JSONResponse(answer.whole(text, taken.reason, len(ids), taken.tokens))

    async def _events(
        self, asked: Asked, ids: list[int], sampling: Sampling, answer: answers.Answer
    ) -> AsyncIterator[str]:
        async with self._desk.answer(ids, sampling, asked.stop) as stream:
            first = answer.first()
            yield _event(first) if first else ""
            try:
                async for piece in stream.texts():
                    yield _event(answer.piece(piece))
            except Exception:  # noqa: BLE001  (the answer has begun: its stream tells it)
                yield _event(answers.error(tr("The model failed."), kind="server_error"))
                return
            if self._desk.closed:
                return  # without its end, so that nobody takes it for whole
            yield _event(answer.last(stream.taking.reason))
            if asked.stream_options and asked.stream_options.include_usage:
                yield _event(answer.counted(len(ids), stream.taking.tokens))
            yield "data: [DONE]\n\n"

    def _refuse_half(self, stream: Stream) -> None:
        if self._desk.closed:
            raise RefusedRequestError(503, tr("The server is ending."), kind="server_error")


async def _with_first(first: str, events: AsyncIterator[str]) -> AsyncIterator[str]:
    if first:
        yield first
    async for event in events:
        yield event


def _event(document: dict[str, Any]) -> str:
    return f"data: {json.dumps(document, ensure_ascii=False)}\n\n"


async def _unless_gone(request: Request, work: Any) -> Response:
    """What `work` answers; it is ended where the client goes away meanwhile."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            return Response(status_code=499)
        answer: Response = working.result()
        return answer
    finally:
        leaving.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _read(request: Request, kind: type[Kind]) -> Kind:
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise RefusedRequestError(415, tr("Send the header “Content-Type: application/json”."))
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            raise RefusedRequestError(
                413, tr("A request may have up to {count:,} bytes.").format(count=LARGEST)
            )
    try:
        asked = kind.model_validate(json.loads(body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RefusedRequestError(400, f"{place}: {first['msg']}", param=place) from error
    except (ValueError, RecursionError) as error:
        raise RefusedRequestError(400, tr("The request is not JSON.")) from error
    if name := asked.unsupported():
        raise RefusedRequestError(
            400,
            tr("This server has no “{name}”.").format(name=name),
            code="unsupported_parameter",
            param=name,
        )
    return asked


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedRequestError)
    return error.response()


async def _unknown(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text = tr("There is no {method} {path} here.").format(
        method=request.method, path=request.url.path
    )
    return JSONResponse(answers.error(text, code="not_found"), error.status_code, error.headers)


async def _busy(request: Request, error: Exception) -> Response:
    text = tr("Too many requests wait already; try again later.")
    return JSONResponse(
        answers.error(text, kind="rate_limit_error", code="busy"), 429, {"Retry-After": "5"}
    )


async def _failed(request: Request, error: Exception) -> Response:
    if isinstance(error, ClientDisconnect):
        return Response(status_code=499)
    return JSONResponse(answers.error(tr("The model failed."), kind="server_error"), 500)
