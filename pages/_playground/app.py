"""Puts the playground together: our JSON routes, and Gradio with its page, API and MCP server, in one ASGI app."""

from collections.abc import Callable

import gradio as gr
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from gradio.route_utils import FnIndexInferError

from core.services.container import Container
from pages._playground.desk import Desk
from pages._playground.looks import CSS, theme
from pages._playground.outcomes import words_of
from pages._playground.rest import handle_errors, router
from pages._playground.screen import Screen
from pages._playground.tools import Tools
from pages._playground.verbs import Verbs

TITLE = "Tandem playground"
LARGEST_FILE = "20mb"
LONGEST_QUEUE = 32
SWEEP_SECONDS = 60
KEPT_SECONDS = 300
"""Uploaded files older than this are deleted at the next sweep."""


def build(container: Callable[[], Container]) -> FastAPI:
    """Return the ASGI app to mount at `/playground`; enter its lifespan, or its queue does not run."""
    verbs = Verbs(container)
    app = FastAPI(
        title="Tandem",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        swagger_ui_oauth2_redirect_url=None,
    )
    handle_errors(app)
    app.include_router(router(verbs))
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(SWEEP_SECONDS, KEPT_SECONDS)) as blocks:
        Screen(Desk(container)).connect(blocks)
        Tools(verbs).offer()
    blocks.queue(max_size=LONGEST_QUEUE, default_concurrency_limit=4, api_open=False)
    gr.mount_gradio_app(
        app,
        blocks,
        path="",
        run_history=False,
        footer_links=[],
        allowed_paths=[],
        max_file_size=LARGEST_FILE,
        mcp_server=True,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        show_error=False,
        theme=theme(),
        css=CSS,
    )
    _quiet_errors(app.routes[-1].app)
    return app


def _quiet_errors(mounted: FastAPI) -> None:
    """Let Gradio's own routes answer with JSON where they would answer with plain text."""

    @mounted.exception_handler(FnIndexInferError)
    def unknown(_: Request, __: Exception) -> JSONResponse:
        return JSONResponse({"error": "There is no endpoint of that name."}, 404)

    @mounted.exception_handler(Exception)
    def unexpected(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": words_of(error)}, 500)
