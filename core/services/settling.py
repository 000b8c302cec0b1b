"""Which label training and gate use for a case: what the standing verdicts agree on, else the data set's own."""

from sqlalchemy import Connection

from core.contracts import UNSURE, LabelSource, Workspace, WorkspaceSpec
from core.services.guard.readers import readers_wanted
from core.storage import labels, verdicts


def settle_label(tx: Connection, workspace: Workspace, spec: WorkspaceSpec, case_id: int, target: str) -> None:
    """Let the standing verdicts decide the reference label.

    Where too few stand, or they differ, nobody has settled it: the data set's label returns. What a lead
    adjudicated stays.
    """
    standing = [v for v in verdicts.standing(tx, workspace.id, target, case_id) if v.label != UNSURE]
    current = labels.references(tx, workspace.id, target, case_id).get(case_id)
    if current is not None and current.source == "adjudication":
        return
    given = {verdict.label for verdict in standing}
    wanted = readers_wanted(tx, workspace, spec).get(case_id, spec.reading.readers)
    if len(given) == 1 and len(standing) >= wanted:
        source: LabelSource = "single verdict" if len(standing) == 1 else "agreement"
        label = standing[-1].label
        if current is None or (current.label, current.source) != (label, source):
            labels.set_reference(tx, case_id, target, label, source, standing[-1].id)
    elif current is not None and current.source != "data set":
        labels.restore_data_set(tx, case_id, target)
