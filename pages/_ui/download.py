"""What a figure shows, as a file to take away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.services.spreadsheets import Cell, table_text


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers behind a figure: one row for each thing that it draws."""

    columns: tuple[str, ...]
    rows: tuple[Sequence[Cell], ...]

    @property
    def text(self) -> str:
        """The numbers as comma-separated text."""
        return table_text(self.columns, self.rows)


def download_numbers(numbers: Numbers, *, key: str, name: str) -> None:
    """Draw a button that saves `numbers` as `NAME.csv`; the file is made when somebody presses it."""
    st.download_button(
        "CSV", lambda: numbers.text.encode(), f"{name}.csv", "text/csv", key=f"{key}_csv", on_click="ignore",
        icon=":material/download:", type="tertiary", help=f"the numbers behind this figure, {len(numbers.rows):,} rows",
    )  # fmt: skip
