"""Our own Streamlit components: the files they are made of, and the marks that come back from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core.contracts import MarkKind

ASSETS = Path(__file__).resolve().parents[2] / "assets"
KINDS: tuple[MarkKind, ...] = ("ignore", "look_here")


def component(name: str, html: str, styles: Sequence[str], scripts: Sequence[str]) -> Callable[..., Any]:
    """Return the component `name` made of files under `assets`; its scripts share one scope, in this order."""
    return st.components.v2.component(
        name,
        html=(ASSETS / html).read_text(encoding="utf-8"),
        css="\n".join((ASSETS / style).read_text(encoding="utf-8") for style in styles),
        js="\n".join((ASSETS / script).read_text(encoding="utf-8") for script in scripts),
        isolate_styles=False,
    )


def came_back(key: str, opening: str) -> dict[str, Any] | None:
    """Return what the component under `key` sent in this opening; None when nothing was touched in it."""
    state = st.session_state.get(key)
    value = state.get("marks") if state else None
    return value if isinstance(value, dict) and value.get("opening") == opening else None
