"""At the door: the key, the name that is called, and a line in the log that says nothing of it."""

import hmac
import re
import time
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response

from finetune_studio.export.server import answers
from finetune_studio.i18n import tr

LOOPBACK = re.compile(r"(localhost|127(\.\d+){3}|\[::1\])(:\d+)?", re.IGNORECASE)


class RefusedRequestError(Exception):
    """A request that is answered with a refusal."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str = "",
        param: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.document = answers.error(message, kind=kind, code=code, param=param)

    def response(self) -> Response:
        """The answer to it."""
        return JSONResponse(self.document, self.status)


class Guard:
    """Lets requests through to the application, or refuses them."""

    def __init__(
        self, app: Any, key: str, local: bool, log: Callable[[str], None] | None = None
    ) -> None:
        self._app, self._key, self._local, self._log = app, key, local, log

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Take one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.monotonic(), [0]

        async def noting(message: Any) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
            await send(message)

        refusal = self._refusal(scope)
        try:
            await (refusal.response() if refusal else self._app)(scope, receive, noting)
        finally:
            if self._log:
                seconds = time.monotonic() - begun
                line = f"{scope['method']} {scope['path']} {status[0] or 499} {seconds:.2f} s"
                self._log(_plain(line))

    def _refusal(self, scope: Any) -> RefusedRequestError | None:
        headers = Headers(scope=scope)
        if self._local and not LOOPBACK.fullmatch(headers.get("host", "")):
            return RefusedRequestError(403, tr("This server is called by a loopback name alone."))
        if not self._key or scope["path"] == "/health":
            return None
        given = headers.get("authorization", "").removeprefix("Bearer ")
        if hmac.compare_digest(given.encode(), self._key.encode()):
            return None
        text = tr("The API key is missing or wrong.")
        return RefusedRequestError(401, text, code="invalid_api_key")


def _plain(line: str) -> str:
    """The line without signs that would move a terminal's cursor."""
    return "".join(sign if sign.isprintable() else "?" for sign in line)
