"""The job runner: `python -m core worker`."""

import logging

from core.services.container import build_container
from core.settings import Settings


def work(settings: Settings, parent: int | None = None) -> None:
    """Run jobs until the parent process is gone, or for ever when there is none."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s worker %(levelname)s %(message)s")
    container = build_container(settings)
    try:
        container.jobs.work_forever(parent)
    finally:
        container.close()
