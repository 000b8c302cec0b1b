"""Audit: who did what, on which version, having seen what; verify and export."""

import pandas as pd
import streamlit as st

from core.contracts import AuditRow
from pages._ui import context
from pages._ui.format import when
from pages._ui.guard import guarded
from pages._ui.services import get_services
from pages._ui.text import count, plain, spaced


def _filters() -> tuple[str | None, str | None, str | None]:
    services = get_services()
    workspace, kind, who = st.columns(3)
    return (
        workspace.selectbox(
            "Workspace", services.workspaces.names(), index=None, placeholder="all", key="audit_workspace"
        ),
        kind.selectbox(
            "Kind", services.audit.kinds(), index=None, placeholder="all", key="audit_kind", format_func=spaced
        ),
        who.text_input("Who", key="audit_actor", placeholder="anybody").strip() or None,
    )


def _table(rows: tuple[AuditRow, ...]) -> AuditRow | None:
    frame = pd.DataFrame(
        [(r.sequence, when(r.at), r.actor, spaced(r.kind), r.workspace, r.summary) for r in rows],
        columns=["no.", "when", "who", "what", "workspace", "summary"],
    )
    chosen = st.dataframe(
        frame, hide_index=True, on_select="rerun", selection_mode="single-row", key="audit_table", height=380,
        alt="Events, newest first; choose a row to see its details",
    )  # fmt: skip
    return rows[chosen.selection.rows[0]] if chosen.selection.rows else None


def _details(row: AuditRow | None) -> None:
    with st.container(border=True, key="audit_details"):
        if row is None:
            st.caption("Choose an event to see who, what, on which version, having seen what.")
            return
        st.markdown(f"**Event {row.sequence}** · {plain(spaced(row.kind))} · {when(row.at)} · {plain(row.actor)}")
        for name, value in row.details:
            st.text(f"{spaced(name)}: {value}")


def _verify() -> None:
    check, export, _ = st.columns([1, 1, 2])
    waits = get_services().audit.waits(context.actor())
    export.download_button(
        "Export as JSON lines", get_services().audit.export_text, "tandem-audit.jsonl", "application/x-ndjson",
        key="audit_export", on_click="ignore", width="stretch", icon=":material/download:", disabled=waits > 0,
        help=f"The whole record tells what others said of {count(waits, 'case')} that you may still read blind. Read "
        "them first." if waits else None,
    )  # fmt: skip
    if not check.button("Verify the chain", key="audit_verify", width="stretch", icon=":material/verified:"):
        return
    result = get_services().audit.verify()
    if result.ok:
        st.success(f"Verified: all {count(result.events, 'event')} hold together.", icon=":material/check:")
    else:
        st.error(
            f"Broken: {plain(result.problem or 'unknown')} ({count(result.events, 'event')}).", icon=":material/error:"
        )


st.title("Audit", anchor=False)
with guarded():
    _verify()
    workspace, kind, who = _filters()
    events = get_services().audit.events(workspace=workspace, kind=kind, actor_id=who, reader=context.actor())
    if events:
        _details(_table(events))
    else:
        st.info("No event fits these filters.")
