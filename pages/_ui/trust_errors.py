"""Where a version errs: subgroups in which it is worse, and a tree of questions that leads to its errors."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.contracts import ErrorNode, TrustView
from pages._ui.download import Numbers
from pages._ui.format import estimate, percent
from pages._ui.plot_colours import ink_at, palette, written_on
from pages._ui.plots import draw_plot, safe, styled
from pages._ui.slice_table import draw_slice_table
from pages._ui.text import count, plain, shorten


def draw_errors(view: TrustView) -> None:
    """Draw the subgroups and the error tree of the version on the ledger."""
    st.header("Where it errs", anchor=False)
    _slices(view)
    if view.tree:
        _tree(view.tree)


def _slices(view: TrustView) -> None:
    with st.container(key="slices_table", gap="xsmall"):
        st.markdown("**Subgroups in which it is worse than elsewhere**")
        if view.slices:
            draw_slice_table(view.slices, key="slice")
        else:
            st.write("None was found.")
        if view.slice_note:
            st.caption(plain(view.slice_note))


def _tree(nodes: tuple[ErrorNode, ...]) -> None:
    st.markdown("**Questions that tell its wrong answers from its right ones**")
    rows = tuple((_path(one, nodes), one.n, one.wrong, one.error.value, one.error.low, one.error.high) for one in nodes)
    numbers = Numbers(("cases where", "cases", "wrong", "share wrong", "low", "high"), rows)
    draw_plot(error_tree(nodes), key="error_tree", name="error-tree", words=_tree_words(nodes), numbers=numbers)
    with st.expander("The same as a table", key="error_tree_table"):
        st.dataframe(pd.DataFrame(rows, columns=numbers.columns), hide_index=True, alt="Error tree as a table")


def _path(node: ErrorNode, nodes: tuple[ErrorNode, ...]) -> str:
    """Return the answers to all questions down to `node`."""
    known = {one.id: one for one in nodes}
    parts = [node.words]
    while node.parent is not None and known[node.parent].parent is not None:
        node = known[node.parent]
        parts.append(node.words)
    return " and ".join(reversed(parts))


def _leaves(nodes: tuple[ErrorNode, ...]) -> list[ErrorNode]:
    parents = {one.parent for one in nodes}
    return [one for one in nodes if one.id not in parents]


def _tree_words(nodes: tuple[ErrorNode, ...]) -> str:
    worst = max(_leaves(nodes), key=lambda one: (one.error.value, one.n))
    root = next(one for one in nodes if one.parent is None)
    return (
        f"Most errors where {shorten(_path(worst, nodes), 160)}: {worst.wrong:,} of {count(worst.n, 'case')} wrong "
        f"({percent(worst.wrong, worst.n)}), against {percent(root.wrong, root.n)} in all."
    )


def error_tree(nodes: tuple[ErrorNode, ...]) -> go.Figure:
    """Return the tree as nested blocks: width for cases, colour and words for the share that is wrong."""
    ink = palette()
    scale = [[place / (len(ink.magnitude) - 1), colour] for place, colour in enumerate(ink.magnitude)]
    figure = go.Figure(
        go.Icicle(
            ids=[str(one.id) for one in nodes], labels=[safe(one.words, 60) for one in nodes],
            parents=["" if one.parent is None else str(one.parent) for one in nodes], values=[one.n for one in nodes],
            branchvalues="total", sort=False, tiling={"orientation": "v"}, pathbar={"visible": False},
            marker={"colors": [one.error.value for one in nodes], "colorscale": scale, "cmin": 0, "cmax": 1,
                    "line": {"color": ink.back, "width": 2}, "showscale": True,
                    "colorbar": {"thickness": 10, "outlinewidth": 0, "title": {"text": "wrong"}}},
            textfont={"color": [written_on(ink_at(ink.magnitude, one.error.value)) for one in nodes]},
            text=[f"{one.wrong:,} of {one.n:,} wrong ({percent(one.wrong, one.n)})" for one in nodes],
            texttemplate="%{label}<br>%{text}", customdata=[safe(estimate(one.error)) for one in nodes],
            hovertemplate="%{label}<br>%{text}<br>%{customdata}<extra></extra>",
        )
    )  # fmt: skip
    return styled(figure, 300, uniformtext={"minsize": 11, "mode": "hide"})
