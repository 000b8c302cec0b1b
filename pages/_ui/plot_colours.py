"""The colours of figures, in both themes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one theme; text on the background has a contrast of at least 4.5:1, marks of at least 3:1."""

    back: str
    ink: str
    grey: str
    grid: str
    accent: str
    orange: str
    blue: str
    magnitude: tuple[str, ...]
    """From nothing to most, even in lightness."""
    sign: tuple[str, ...]
    """Blue against, orange for, the background's grey at zero."""


LIGHT = Palette(
    "#ffffff", "#080e14", "#55616e", "#dfe5ea", "#0b6488", "#b35400", "#2c5fa8",
    ("#f4f8fa", "#c5dbe6", "#8bb9d0", "#4a92b4", "#0b6488", "#063d54"),
    ("#2c5fa8", "#93acd0", "#f2f2f2", "#dba876", "#b35400"),
)  # fmt: skip
DARK = Palette(
    "#12171d", "#e6eaf0", "#a3afbc", "#2b3540", "#5fb4dc", "#f0a04b", "#8ab4f0",
    ("#1a222b", "#1b3a4c", "#1f5c7a", "#2f84ab", "#6bb8e0", "#cdeaf8"),
    ("#8ab4f0", "#53698a", "#262d35", "#8a643b", "#f0a04b"),
)  # fmt: skip


def palette() -> Palette:
    """Return the colours of the reader's theme."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def ink_at(stops: Sequence[str], value: float, low: float = 0.0) -> str:
    """Return the colour of `value` on a scale of `stops` from `low` to 1."""
    place = min(1.0, max(0.0, (value - low) / (1 - low))) * (len(stops) - 1)
    first = min(int(place), len(stops) - 2)
    mixed = [
        a + (b - a) * (place - first) for a, b in zip(parts_of(stops[first]), parts_of(stops[first + 1]), strict=True)
    ]
    return "#" + "".join(f"{round(part):02x}" for part in mixed)


def written_on(colour: str) -> str:
    """Return black or white, whichever is read better on `colour` (at least 4.5:1 on any)."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _unit(colour)]
    bright = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if (bright + 0.05) / 0.05 > 1.05 / (bright + 0.05) else "#ffffff"


def parts_of(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue of `#rrggbb`, each 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _unit(colour: str) -> tuple[float, ...]:
    return tuple(part / 255 for part in parts_of(colour))
