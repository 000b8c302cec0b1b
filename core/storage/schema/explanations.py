"""What is known of a version's explanations, and the concepts that people collect."""

from sqlalchemy import Boolean, Column, Index, Table, UniqueConstraint

from core.storage.schema.parts import actor, identity, link, metadata, time, words

quality_reports = Table(
    "quality_reports",
    metadata,
    identity(),
    link("version_id", "versions.id"),
    words("target"),
    words("report"),
    actor(),
    time(),
)
Index("ix_quality_reports_version", quality_reports.c.version_id, quality_reports.c.target, quality_reports.c.id)
concepts = Table(
    "concepts",
    metadata,
    identity(),
    link("workspace_id", "workspaces.id"),
    words("name"),
    actor(),
    time(),
    UniqueConstraint("workspace_id", "name"),
)
concept_cases = Table(
    "concept_cases",
    metadata,
    link("concept_id", "concepts.id", key=True),
    link("case_id", "cases.id", key=True),
    Column("present", Boolean, nullable=False),
    actor(),
    time(),
)
