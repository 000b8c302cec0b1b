"""Removes a person's data from a case, for good, while the record of what was decided still verifies."""

from sqlalchemy import Connection, delete, select, update

from core.contracts import AuditEvent
from core.storage import audit, payloads
from core.storage.columns import to_json
from core.storage.schema import (
    case_attributes,
    case_fields,
    cases,
    evidence,
    proposals,
    regions,
    scores,
    verdicts,
    workspaces,
)

ERASED = "erased"
"""Stands in place of a content hash: no content has it."""


def erase_case(tx: Connection, case_id: int, actor_id: str, reason: str) -> AuditEvent:
    """Empty the inputs, attributes, marks, comments and texts of a case, drop what was computed from it, record it.

    The case's name, split, labels, reads and verdicts stay: they are what versions and reports rest on. The hash of its
    content goes, for a few table values could be guessed from it; the case does not come back with another import. The
    files themselves go with the next `core.storage.blobs.collect_garbage` unless another case has the same.
    """
    tx.execute(update(case_fields).where(case_fields.c.case_id == case_id).values(blob=None, number=None, text=None))
    tx.execute(delete(case_attributes).where(case_attributes.c.case_id == case_id))
    tx.execute(update(cases).where(cases.c.id == case_id).values(content_hash=ERASED))
    of_case = select(verdicts.c.id).where(verdicts.c.case_id == case_id)
    nothing = {"mask": None, "names": to_json([]), "spans": to_json([])}
    tx.execute(update(regions).where(regions.c.verdict_id.in_(of_case)).values(nothing))
    tx.execute(delete(proposals).where(proposals.c.case_id == case_id))
    tx.execute(delete(scores).where(scores.c.case_id == case_id))
    of_it = select(evidence.c.blob).where(evidence.c.case_id == case_id)
    tx.execute(delete(evidence).where(evidence.c.blob.in_(of_it)))  # of other cases too, where this one was compared
    ids = payloads.ids_of_case(tx, case_id)
    payloads.empty(tx, ids)
    query = select(workspaces.c.name).join(cases).where(cases.c.id == case_id)
    return audit.record_erasure(tx, ids, actor_id, reason, tx.execute(query).scalar_one(), case_id)
