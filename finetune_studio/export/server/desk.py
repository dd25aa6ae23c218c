"""One model, one answer at a time: requests wait their turn, and one that goes away is dropped.

The model writes in a thread of its own; the text comes out as an asynchronous stream.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from finetune_studio.export.server.model import Sampling, Served
from finetune_studio.export.server.taking import Taking

WAITING = 32
"""Requests that may wait for their turn."""


class BusyError(Exception):
    """Too many requests wait already."""


class Desk:
    """Takes requests for the model.

    Attributes:
        model: The model.
        closed: Whether the server is ending, and nothing more is written.
    """

    def __init__(self, model: Served, thread: ThreadPoolExecutor | None = None) -> None:
        """Take requests.

        Args:
            model: Who answers them.
            thread: Where it answers, one at a time; the one in which it was loaded is the fastest.
        """
        self.model = model
        self.closed = False
        self._thread = thread or ThreadPoolExecutor(1, "model")
        self._waiting = 0
        self._current: Taking | None = None

    def close(self) -> None:
        """End what is being written; may be called from a signal handler."""
        self.closed = True
        if current := self._current:
            current.give_up()

    @asynccontextmanager
    async def answer(
        self, ids: Sequence[int], sampling: Sampling, stops: Sequence[str]
    ) -> AsyncIterator["Stream"]:
        """An answer's text as a stream; leaving the block early ends the writing.

        Raises:
            BusyError: Too many wait.
        """
        if self._waiting >= WAITING or self.closed:
            raise BusyError
        self._waiting += 1
        stream = Stream(self.model, stops, sampling.tokens)
        done = asyncio.get_running_loop().run_in_executor(
            self._thread, self._write, stream, ids, sampling
        )
        try:
            yield stream
        finally:
            stream.taking.give_up()
            self._waiting -= 1
            done.add_done_callback(lambda future: future.exception())  # it was told already

    def _write(self, stream: "Stream", ids: Sequence[int], sampling: Sampling) -> None:
        taking = self._current = stream.taking
        try:
            if not taking.given_up and not self.closed:
                self.model.write(ids, sampling, taking.hear)
                taking.finish()
            stream.end(None)
        except Exception as error:  # noqa: BLE001  (the request is told, the server goes on)
            stream.end(error)
        finally:
            self._current = None


class Stream:
    """The text of one answer, from the model's thread into the server's loop.

    Attributes:
        taking: The answer in the making.
    """

    def __init__(self, model: Served, stops: Sequence[str], most: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._pieces: asyncio.Queue[str | Exception | None] = asyncio.Queue()
        self.taking = Taking(model, stops, most, self._put)

    def _put(self, piece: str | Exception | None) -> None:
        self._loop.call_soon_threadsafe(self._pieces.put_nowait, piece)

    def end(self, error: Exception | None) -> None:
        """There is no more; called from the model's thread."""
        try:
            self._put(error)
        except RuntimeError:
            return  # the loop has ended, and whoever listened with it

    async def texts(self) -> AsyncIterator[str]:
        """Each piece of text as it comes."""
        while (piece := await self._pieces.get()) is not None:
            if isinstance(piece, Exception):
                raise piece
            yield piece
