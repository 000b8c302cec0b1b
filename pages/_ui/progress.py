"""Progress of long work: stage, bar, time left."""

import streamlit as st

from core.contracts import Progress
from pages._ui.format import seconds
from pages._ui.text import plain


def share(progress: Progress) -> float:
    """Return how much is done, from 0 to 1; 0 when the total is not known."""
    return min(1.0, max(0.0, progress.done / progress.total)) if progress.total else 0.0


def sentence(progress: Progress) -> str:
    """Return one line: stage, message, time left."""
    left = f"about {seconds(progress.seconds_left)} left" if progress.seconds_left is not None else ""
    return " · ".join(part for part in (progress.stage, progress.message, left) if part) or "starting"


def draw_progress(progress: Progress) -> None:
    """Draw the bar with its line."""
    st.progress(share(progress), text=plain(sentence(progress)))
