"""Answers that end a request at the gate: a status and a sentence, as JSON."""

import json
from dataclasses import dataclass

from core.web.hosts import Send


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request goes no further."""

    status: int
    message: str


async def refuse(send: Send, refusal: Refusal) -> None:
    """Answer with the refusal."""
    body = json.dumps({"error": refusal.message}, ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if refusal.status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="tandem"'))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
