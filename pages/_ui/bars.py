"""Small pictures of intervals, drawn as SVG from numbers alone."""

from __future__ import annotations

import streamlit as st

from core.contracts import Check

WIDTH, HEIGHT = 160, 22
_INK = {"light": ("#1f2933", "#5f6b7a", "#0b6e99"), "dark": ("#e6eaf0", "#9aa7b5", "#6bb8e0")}


def interval_bar(check: Check) -> str | None:
    """Return an SVG of the difference with its interval: thin line zero, dashed line the limit.

    None when there is no interval to draw.
    """
    if check.difference is None or check.low is None or check.high is None:
        return None
    reach = 1.15 * max(abs(check.low), abs(check.high), abs(check.limit), 0.01)
    ink, grey, accent = _INK["dark" if st.context.theme.type == "dark" else "light"]

    def x(value: float) -> float:
        return WIDTH / 2 * (1 + value / reach)

    middle = HEIGHT / 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<line x1="{x(0):.1f}" x2="{x(0):.1f}" y1="2" y2="{HEIGHT - 2}" stroke="{grey}"/>'
        f'<line x1="{x(check.limit):.1f}" x2="{x(check.limit):.1f}" y1="2" y2="{HEIGHT - 2}" stroke="{ink}" '
        f'stroke-dasharray="3 2"/>'
        f'<line x1="{x(check.low):.1f}" x2="{x(check.high):.1f}" y1="{middle}" y2="{middle}" stroke="{accent}" '
        f'stroke-width="4" stroke-linecap="round"/>'
        f'<circle cx="{x(check.difference):.1f}" cy="{middle}" r="4.5" fill="{ink}"/></svg>'
    )
