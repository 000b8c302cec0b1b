"""One wrapper around everything that can fail: people read messages, never a stack trace."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import streamlit as st

from core.errors import UserError
from pages._ui.text import plain

_LOG = logging.getLogger("tandem.pages")
_NOTICE = "notice"


def explain_failure(error: Exception) -> str:
    """Return what a person may read about `error`; unexpected ones are logged under a reference."""
    if isinstance(error, UserError):
        return plain(str(error))
    reference = uuid4().hex[:8]
    _LOG.error("Reference %s", reference, exc_info=error)
    return f"Something went wrong here; your work is saved. Reference: {reference}"


@contextmanager
def guarded() -> Iterator[None]:
    """Draw what is inside; an error becomes one plain message in its place."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 -- explained and logged
        st.error(explain_failure(error), icon=":material/error:")


@contextmanager
def acting() -> Iterator[None]:
    """Run a callback; an error is kept and drawn by `show_notice` in the run that follows."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 -- explained and logged
        st.session_state[_NOTICE] = explain_failure(error)


def show_notice() -> bool:
    """Draw the message of a callback that failed, once, or nothing in its place; return whether there was one."""
    message = st.session_state.pop(_NOTICE, None)
    if message:
        st.error(message, icon=":material/error:")
    else:
        st.empty()
    return bool(message)
