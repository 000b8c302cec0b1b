"""Commands that run until they are stopped: the worker and the workbench."""

from typing import Annotated

import typer

from core.cli.frame import JsonOption, note, show
from core.cli.serving import Serving
from core.settings import load_settings


def worker(
    parent: Annotated[int | None, typer.Option("--parent", help="End when the process with this id is gone.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Take jobs (training, gates, imports) and do them, until stopped."""
    from core.worker import work

    work(load_settings(), parent)
    show(as_json, {"stopped": True}, "worker stopped")


def serve(as_json: JsonOption = False) -> None:
    """Serve the workbench on 127.0.0.1, prepare the demos, print the address when it is ready."""
    settings = load_settings()
    Serving(settings, say=note).run(
        lambda url: show(as_json, {"url": url}, f"Tandem is ready: {url}"),
    )
