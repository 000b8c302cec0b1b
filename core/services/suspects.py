"""Training cases whose label on record may be wrong, until somebody has given a verdict on them."""

from sqlalchemy import Connection

from core.contracts import Workspace
from core.storage import suspects, verdicts


def open_suspects(tx: Connection, workspace: Workspace) -> tuple[int, ...]:
    """Return the numbers of training cases with a doubtful label that nobody has judged, the most doubtful first."""
    found = sorted(suspects.latest(tx, workspace.id), key=lambda suspect: -suspect.probability)
    if not found:
        return ()
    ids = suspects.training_ids(tx, workspace.id, (suspect.case for suspect in found))
    judged = {
        (case_id, target) for (case_id, _), given in verdicts.answered(tx, workspace.id).items() for target in given
    }
    waiting = [(ids[suspect.case], suspect.target) for suspect in found if suspect.case in ids]
    return tuple(dict.fromkeys(case_id for case_id, target in waiting if (case_id, target) not in judged))
