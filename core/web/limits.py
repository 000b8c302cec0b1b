"""Bodies that are too large are refused before anybody reads them whole."""

from core.web.hosts import Application, Message, Receive, Scope, Send
from core.web.refusals import Refusal, refuse

LARGEST_BODY = 32 * 1024 * 1024
"""Bytes. A picture of 20 MB, written as base64 in JSON, fits."""


class BodyLimit:
    """ASGI middleware that answers 413 where the declared or the real length of a body is above `largest` bytes."""

    def __init__(self, app: Application, largest: int = LARGEST_BODY) -> None:
        self._app = app
        self._largest = largest
        self._refusal = Refusal(413, f"The request is larger than {largest / 2**20:.0f} MB. Send less at once.")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on while its body stays within the limit."""
        if _declared(scope) > self._largest:
            await refuse(send, self._refusal)
            return
        counted = _Counted(receive, send, self._largest)
        try:
            await self._app(scope, counted.receive, counted.send)
        except Exception:
            if not counted.exceeded:
                raise
        if counted.exceeded and not counted.started:
            await refuse(send, self._refusal)


class _Counted:
    """One request's channels: counts what comes in; once that is too much, nothing of the answer goes out."""

    def __init__(self, receive: Receive, send: Send, largest: int) -> None:
        self._receive = receive
        self._send = send
        self._left = largest
        self.exceeded = False
        self.started = False

    async def receive(self) -> Message:
        """Return the next message, or that the client went away once it sent too much."""
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.exceeded = True
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer."""
        if not self.exceeded:
            self.started = True
            await self._send(message)


def _declared(scope: Scope) -> int:
    lengths = [value for key, value in scope["headers"] if key.lower() == b"content-length"]
    return max((int(value) for value in lengths if value.isdigit()), default=0)
