"""The gate in front of the playground, its API and its MCP server: pure ASGI, because Gradio checks none of this.

In this order: a foreign `Origin` (403), a preflight (403: no other site is invited), no or a wrong token (401), parts
of Gradio that this product does not use (404), a body that is too large (413). Forged hosts were refused before, by
`core.web.hosts`. Programs bring `Authorization: Bearer tdm_…`; the page in the browser brings the cookie that it got
with the document, from the same origin, and reaches only what the page needs (`core.web.access`).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.contracts import ACTOR_SCOPE, Actor
from core.errors import TandemError
from core.web.access import DOCUMENT, READING, Access, access_of, is_closed
from core.web.hosts import Application, Message, Receive, Scope, Send
from core.web.limits import LARGEST_BODY, BodyLimit
from core.web.refusals import Refusal, refuse
from core.web.sessions import PageSessions

BEARER = "bearer "
FORWARDED = (b"x-forwarded-", b"forwarded", b"x-gradio-", b"authorization", b"cookie")
"""What Gradio must not see: addresses that a client could invent, and secrets that it has no use for."""
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' data: blob:; "
    "style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; worker-src 'self' blob:; "
    "connect-src 'self' data: blob:; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
)
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", POLICY.encode()),
)


NO_TOKEN = Refusal(401, "A token is needed: Authorization: Bearer tdm_… (made by `python -m core token create NAME`).")
WRONG_TOKEN = Refusal(401, "This token is unknown or was revoked. Make another: `python -m core token create NAME`.")
FOREIGN = Refusal(403, "Requests from other sites are refused. Open the playground at its own address.")
NOT_HERE = Refusal(404, "There is nothing at this address.")


class Gate:
    """ASGI middleware around what is mounted at `root`."""

    def __init__(
        self,
        app: Application,
        actor_of: Callable[[str], Actor | None],
        root: str,
        sessions: PageSessions | None = None,
        largest_body: int = LARGEST_BODY,
    ) -> None:
        self._app = BodyLimit(app, largest_body)
        self._actor_of = actor_of
        self._root = root
        self._sessions = sessions or PageSessions()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the HTTP request on, or refuse it with JSON; nothing here speaks WebSocket."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "No WebSockets here"})
            return
        headers, path = _headers(scope), _below(str(scope["path"]), self._root)
        outgoing = self._outgoing(scope, path, send)
        admitted = _foreign(scope, headers, path) or await self._admit(str(scope["method"]), headers, path)
        if isinstance(admitted, Refusal):
            await refuse(outgoing, admitted)
            return
        passed = {**scope, "headers": _kept(scope["headers"]), ACTOR_SCOPE: admitted.actor}
        await self._app(passed, receive, outgoing)

    async def _admit(self, method: str, headers: Mapping[str, str], path: str) -> "Admitted | Refusal":
        """Return who comes in, or why not."""
        needed = access_of(method, path)
        credentials = headers.get("authorization", "")
        if needed is Access.OPEN:
            return Admitted(None)
        if not credentials:
            from_page = needed is Access.PAGE and _same_origin(headers)
            return Admitted(None) if from_page and self._sessions.is_valid(headers.get("cookie", "")) else NO_TOKEN
        if not credentials.lower().startswith(BEARER):
            return WRONG_TOKEN
        try:
            actor = await asyncio.to_thread(self._actor_of, credentials[len(BEARER) :].strip())
        except TandemError as error:
            return Refusal(503, str(error))
        if actor is None:
            return WRONG_TOKEN
        return NOT_HERE if is_closed(path) else Admitted(actor)

    def _outgoing(self, scope: Scope, path: str, send: Send) -> Send:
        """Return `send` with our headers in place of Gradio's CORS headers, and with the page's cookie."""
        is_document = path == DOCUMENT and scope["method"] in READING

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message.get("headers", ()) if not pair[0].startswith(b"access-control-")]
                cookie = [(b"set-cookie", self._sessions.issue(self._root).encode())] if is_document else []
                message = {**message, "headers": [*kept, *HEADERS, *cookie]}
            await send(message)

        return sending


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may go on; `actor` is None for the page in the browser."""

    actor: Actor | None


def _headers(scope: Scope) -> dict[str, str]:
    """Return the headers by name, lower case; of one that comes twice both values, so that neither is overlooked."""
    found: dict[str, str] = {}
    for key, value in scope["headers"]:
        name = key.decode("latin-1").lower()
        joined = f"{found[name]}, " if name in found else ""
        found[name] = joined + value.decode("latin-1")
    return found


def _below(path: str, root: str) -> str:
    """Return the path below the mount, without a slash at its end but for the document itself."""
    below = path[len(root) :] if path.startswith(root) else path
    return below.rstrip("/") or DOCUMENT


def _foreign(scope: Scope, headers: Mapping[str, str], path: str) -> Refusal | None:
    """Refuse what another site's page sent, and every preflight; a link to the document is no such thing."""
    own = f"{scope.get('scheme', 'http')}://{headers.get('host', '')}".lower()
    if "origin" in headers and headers["origin"].lower() != own:
        return FOREIGN
    if scope["method"] == "OPTIONS":
        return FOREIGN
    elsewhere = headers.get("sec-fetch-site", "none") in {"cross-site", "same-site"}
    return FOREIGN if elsewhere and path != DOCUMENT else None


def _same_origin(headers: Mapping[str, str]) -> bool:
    """Return whether the browser says that the page itself asks (`_foreign` has compared the origin)."""
    return "origin" in headers or headers.get("sec-fetch-site") == "same-origin"


def _kept(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(key, value) for key, value in headers if not key.lower().startswith(FORWARDED)]
