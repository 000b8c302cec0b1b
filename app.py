"""The ASGI app: the workbench's pages at `/`, the playground, `/healthz` and `/metrics`.

Started by `python -m core serve`.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route

from core.contracts import Actor
from core.settings import load_settings, prepare_gradio
from core.web.gate import Gate
from core.web.health import health_reply
from core.web.hosts import Application, HostAllowList
from core.web.lazy import LazyApplication
from core.web.lifecycle import Product, end_with_parent, parent_in
from core.web.metrics import RequestCount, metrics_reply
from core.web.sockets import send_at_once
from core.web.uploads import emptied, removed

PLAYGROUND = "/playground"
UPLOADS = load_settings().home / "uploads"
product = Product()


def build_playground() -> Application:
    """Import and build the playground; Gradio takes seconds to import, so this happens late."""
    prepare_gradio(emptied(UPLOADS))
    from pages._playground.app import build

    return build(product.container)


def token_actor(secret: str) -> Actor | None:
    """Return who a program's token stands for, or None."""
    return product.container().tokens.actor_of(secret)


playground = LazyApplication(build_playground)


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Start the product with the web process and stop it at the end."""
    end_with_parent(parent_in(sys.argv))
    send_at_once()
    await run_in_threadpool(product.start)
    try:
        async with playground.running():
            yield
    finally:
        await run_in_threadpool(removed, UPLOADS)
        await run_in_threadpool(product.stop)


async def healthz(_: Request) -> Response:
    """Answer whether the product serves."""
    reply = await run_in_threadpool(health_reply, product)
    return Response(reply.body, reply.status, media_type=reply.media_type, headers={"cache-control": "no-store"})


async def metrics(_: Request) -> Response:
    """Answer with the figures for Prometheus."""
    reply = await run_in_threadpool(metrics_reply, product)
    return Response(reply.body, reply.status, media_type=reply.media_type, headers={"cache-control": "no-store"})


async def to_playground(_: Request) -> Response:
    """Send the browser to the playground's address with a slash at its end."""
    return RedirectResponse(f"{PLAYGROUND}/")


app = st.App(
    "pages/_navigation.py",
    lifespan=lifespan,
    routes=[
        Route("/healthz", healthz),
        Route("/metrics", metrics),
        Route(PLAYGROUND, to_playground),
        Mount(PLAYGROUND, Gate(playground, token_actor, PLAYGROUND)),
    ],
    middleware=[
        Middleware(HostAllowList, allowed=load_settings().allowed_hosts),
        Middleware(RequestCount),
    ],
)
