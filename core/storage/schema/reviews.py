"""What people say about cases: claims, reads, verdicts, marks, reference labels."""

from sqlalchemy import Column, Float, Index, Integer, Table, UniqueConstraint

from core.contracts import kinds
from core.storage.schema.parts import actor, identity, link, metadata, one_of, time, words

claims = Table("claims", metadata, link("case_id", "cases.id", key=True), actor(), time("expires"))
reads = Table(
    "reads",
    metadata,
    identity(),
    link("case_id", "cases.id"),
    words("target"),
    actor(),
    words("label"),
    words("confidence"),
    Column("seconds", Float(53), nullable=True),
    time(),
    UniqueConstraint("case_id", "target", "actor_id"),
    one_of("confidence", kinds.Confidence),
)
verdicts = Table(
    "verdicts",
    metadata,
    identity(),
    link("case_id", "cases.id"),
    words("target"),
    actor(),
    words("label"),
    words("stance"),
    words("confidence"),
    link("version_id", "versions.id", optional=True),
    words("shown"),
    link("read_id", "reads.id", optional=True),
    words("idempotency_key", optional=True),
    time(),
    UniqueConstraint("idempotency_key"),
    one_of("stance", kinds.Stance),
    one_of("confidence", kinds.Confidence),
)
Index("ix_verdicts_standing", verdicts.c.case_id, verdicts.c.target, verdicts.c.actor_id, verdicts.c.id)
artefacts = Table(
    "artefacts",
    metadata,
    identity(),
    link("workspace_id", "workspaces.id"),
    words("name"),
    time(),
    UniqueConstraint("workspace_id", "name"),
)
regions = Table(
    "regions",
    metadata,
    identity(),
    link("verdict_id", "verdicts.id"),
    words("field"),
    words("kind"),
    link("artefact_id", "artefacts.id", optional=True),
    words("mask", optional=True),
    words("names"),
    words("spans"),
    one_of("kind", kinds.MarkKind),
)
Index("ix_regions_verdict", regions.c.verdict_id)
reference_labels = Table(
    "reference_labels",
    metadata,
    identity(),
    link("case_id", "cases.id"),
    words("target"),
    words("label"),
    words("source"),
    link("verdict_id", "verdicts.id", optional=True),
    Column("revision", Integer, nullable=False),
    time(),
    UniqueConstraint("case_id", "target", "revision"),
    one_of("source", kinds.LabelSource),
)
