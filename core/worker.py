"""The job runner: `python -m core worker`."""

import logging
import signal

from core.services.container import build_container
from core.settings import Settings


def work(settings: Settings, parent: int | None = None) -> None:
    """Run jobs until the parent process is gone or SIGTERM or Ctrl-C comes; an unfinished job is given back then."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s worker %(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    container = build_container(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: container.jobs.stopping.set())
    try:
        container.jobs.work_forever(parent)
    finally:
        container.close()
