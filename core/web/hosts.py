"""Only answers requests that were meant for this machine: a guard against DNS rebinding."""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def host_name(header: str) -> str:
    """Return the host of a `Host` header, lower case and without its port.

    Example
    -------
    >>> host_name("LocalHost:8501"), host_name("[::1]:8501")
    ('localhost', '[::1]')
    """
    name = header.strip().lower()
    if name.startswith("["):
        return name[: name.find("]") + 1]
    return name.partition(":")[0]


def _host_headers(scope: Scope) -> list[str]:
    return [value.decode("latin-1") for key, value in scope.get("headers", ()) if key == b"host"]


class HostAllowList:
    """ASGI middleware that refuses HTTP and WebSocket requests with any other `Host` than the allowed ones.

    A browser that was tricked into resolving a foreign name to 127.0.0.1 still sends that name; a request
    with no `Host`, or with two, is refused as well. Ports are not looked at.
    """

    def __init__(self, app: Application, allowed: Sequence[str]) -> None:
        self._app = app
        self._allowed = frozenset(name.lower() for name in allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 421 (a WebSocket: close before it opens)."""
        if scope["type"] not in {"http", "websocket"} or self._is_allowed(_host_headers(scope)):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "Host not allowed"})
        else:
            await _refuse(send)

    def _is_allowed(self, headers: list[str]) -> bool:
        return len(headers) == 1 and host_name(headers[0]) in self._allowed


async def _refuse(send: Send) -> None:
    body = b"This address is not one that Tandem serves. Open it as http://127.0.0.1 with its port.\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 421, "headers": headers})
    await send({"type": "http.response.body", "body": body})
