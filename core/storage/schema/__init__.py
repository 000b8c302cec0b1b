"""All tables, as the latest migration leaves them (a test compares the two).

Many targets, many readers, many fields from the start. Facts are appended, never changed: `reads`, `verdicts`,
`reference_labels`, `workspace_revisions`, `decisions`, `gate_reports`, `quality_reports`, `robustness_reports`,
`run_controls`, `suspensions`, `arms`, `adjudications` and `audit_events` refuse UPDATE and DELETE by trigger, a case's
split can't change, and `training_cases` refuses ledger and calibration cases. What a person may want gone (comments and
other payloads) lives in `payloads`, which can be emptied.
"""

from core.storage.schema.access import tokens
from core.storage.schema.cases import actors, case_attributes, case_fields, cases, workspace_revisions, workspaces
from core.storage.schema.explanations import concept_cases, concepts, quality_reports
from core.storage.schema.feedback import proposals, run_controls
from core.storage.schema.learning import (
    decisions,
    embeddings,
    evidence,
    gate_reports,
    jobs,
    run_verdicts,
    runs,
    scores,
    training_cases,
    versions,
)
from core.storage.schema.parts import metadata
from core.storage.schema.record import audit_events, payloads
from core.storage.schema.reviews import artefacts, claims, reads, reference_labels, regions, verdicts
from core.storage.schema.together import (
    adjudications,
    arms,
    guards,
    readers,
    robustness_reports,
    routings,
    suspensions,
    trade_points,
)

__all__ = [
    "actors",
    "adjudications",
    "arms",
    "artefacts",
    "audit_events",
    "case_attributes",
    "case_fields",
    "cases",
    "claims",
    "concept_cases",
    "concepts",
    "decisions",
    "embeddings",
    "evidence",
    "gate_reports",
    "guards",
    "jobs",
    "metadata",
    "payloads",
    "proposals",
    "quality_reports",
    "readers",
    "reads",
    "reference_labels",
    "regions",
    "robustness_reports",
    "routings",
    "run_controls",
    "run_verdicts",
    "runs",
    "scores",
    "suspensions",
    "tokens",
    "trade_points",
    "training_cases",
    "verdicts",
    "versions",
    "workspace_revisions",
    "workspaces",
]
