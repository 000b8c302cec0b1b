"""An ASGI app that is slow to import: built in the background, or as soon as somebody asks for it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from core.web.hosts import Application, Message, Receive, Scope, Send
from core.web.refusals import Refusal, refuse

BUILD_AFTER_SECONDS = 10.0
"""Importing Gradio takes 3 s of one core: the first pages of a start come first."""
log = logging.getLogger(__name__)
BROKEN = Refusal(503, "The playground can't start. The server's log says why; everything else works.")


class LazyApplication:
    """Builds `build()` once, in a thread, runs its lifespan, and passes requests on to it.

    The first request or `after` seconds start the building, whichever comes first; requests wait for it.
    """

    def __init__(self, build: Callable[[], Application], after: float = BUILD_AFTER_SECONDS) -> None:
        self._build = build
        self._after = after
        self._asked = asyncio.Event()
        self._stopping = asyncio.Event()
        self._ready: asyncio.Future[Application | None] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the app alive for the length of the block; its lifespan starts and ends in one task."""
        self._ready = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._live(self._ready))
        try:
            yield
        finally:
            self._stopping.set()
            self._asked.set()
            await task

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on once the app is there; 503 when it can't be built."""
        self._asked.set()
        app = await asyncio.shield(self._ready) if self._ready is not None else None
        if app is None:
            await refuse(send, BROKEN)
        else:
            await app(scope, receive, send)

    async def _live(self, ready: "asyncio.Future[Application | None]") -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._asked.wait(), self._after)
        if self._stopping.is_set():
            ready.cancel()
            return
        try:
            app = await asyncio.to_thread(self._build)
        except Exception:
            log.exception("the playground could not be built")
            ready.set_result(None)
            return
        await self._lifespan(app, ready)

    async def _lifespan(self, app: Application, ready: "asyncio.Future[Application | None]") -> None:
        """Speak the ASGI lifespan protocol with the app until the end."""
        started = False

        async def receive() -> Message:
            if not started:
                return {"type": "lifespan.startup"}
            await self._stopping.wait()
            return {"type": "lifespan.shutdown"}

        async def send(message: Message) -> None:
            nonlocal started
            if message["type"] == "lifespan.startup.complete":
                started = True
                ready.set_result(app)
            elif message["type"] == "lifespan.startup.failed":
                ready.set_result(None)

        await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
