"""Work that may take seconds and must not hold the page: asked for, then looked up until it is there."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock
from typing import Any, TypeVar

import streamlit as st

Answer = TypeVar("Answer")
KEPT = 64
"""Answers kept for all sessions together; older ones are asked for again."""
THREADS = 4
"""Questions at work at once: a search that takes long leaves room for evidence that does not."""
PATIENCE = 0.4
"""Seconds that a page waits before it goes on without the answer."""


class Desk:
    """Runs questions on its own threads and keeps the latest answers."""

    def __init__(self, threads: int = THREADS) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="evidence")
        self._asked: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._lock = Lock()

    def ask(self, key: Hashable, question: Callable[[], Answer], patience: float = PATIENCE) -> Answer | None:
        """Return the answer to `key`, or None when it is not there within `patience` seconds.

        A question that failed raises its error here and may be asked again.
        """
        with self._lock:
            future = self._asked.get(key) or self._threads.submit(question)
            self._asked[key] = future
            self._asked.move_to_end(key)
            while len(self._asked) > KEPT:
                self._asked.popitem(last=False)
        wait([future], timeout=patience)
        if not future.done() or future.cancelled():
            return None
        if future.exception() is not None:
            with self._lock:
                self._asked.pop(key, None)
        answer: Answer = future.result()
        return answer

    def drop(self, key: Hashable) -> None:
        """Take a question back: one that waits is never asked, one under way ends unheard."""
        with self._lock:
            future = self._asked.pop(key, None)
        if future is not None:
            future.cancel()

    def ready(self, key: Hashable) -> bool:
        """Return whether nothing is left to wait for under `key`."""
        with self._lock:
            future = self._asked.get(key)
        return future is None or future.done()


@st.cache_resource(show_spinner=False)
def desk() -> Desk:
    """Return the desk of this process."""
    return Desk()
