"""Feedback that spreads, and what it is held against: proposed marks, control models."""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, Table, Text

from core.contracts import kinds
from core.storage.schema.parts import identity, link, metadata, one_of, time, words

run_controls = Table(
    "run_controls",
    metadata,
    link("run_id", "runs.id", key=True),
    words("weights"),
    words("manifest"),
    words("sha256"),
    time(),
)
proposals = Table(
    "proposals",
    metadata,
    identity(),
    link("artefact_id", "artefacts.id"),
    link("case_id", "cases.id"),
    words("field"),
    words("mask", optional=True),
    Column("names", Text, nullable=False, server_default="[]"),
    Column("spans", Text, nullable=False, server_default="[]"),
    Column("probability", Float(53), nullable=False),
    words("status"),
    Column("search_id", Integer, nullable=False),
    time("decided", optional=True),
    Column("decision", Integer, nullable=True),
    Column("actor_id", Text, ForeignKey("actors.id"), nullable=True),
    time(),
    one_of("status", kinds.ProposalStatus),
)
Index("ix_proposals_artefact", proposals.c.artefact_id, proposals.c.status)
Index("ix_proposals_case", proposals.c.case_id)
