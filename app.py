"""The ASGI app: the workbench's pages at `/`, `/healthz` and `/metrics`. Started by `python -m core serve`."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.settings import load_settings
from core.web.health import health_reply
from core.web.hosts import HostAllowList
from core.web.lifecycle import Product, end_with_parent, parent_in
from core.web.metrics import RequestCount, metrics_reply

product = Product()


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Start the product with the web process and stop it at the end."""
    end_with_parent(parent_in(sys.argv))
    await run_in_threadpool(product.start)
    try:
        yield
    finally:
        await run_in_threadpool(product.stop)


async def healthz(_: Request) -> Response:
    """Answer whether the product serves."""
    reply = await run_in_threadpool(health_reply, product)
    return Response(reply.body, reply.status, media_type=reply.media_type, headers={"cache-control": "no-store"})


async def metrics(_: Request) -> Response:
    """Answer with the figures for Prometheus."""
    reply = await run_in_threadpool(metrics_reply, product)
    return Response(reply.body, reply.status, media_type=reply.media_type, headers={"cache-control": "no-store"})


app = st.App(
    "pages/_navigation.py",
    lifespan=lifespan,
    routes=[Route("/healthz", healthz), Route("/metrics", metrics)],
    middleware=[
        Middleware(HostAllowList, allowed=load_settings().allowed_hosts),
        Middleware(RequestCount),
    ],
)
