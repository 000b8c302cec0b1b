"""Who, which workspace, which case."""

from sqlalchemy import Column, Float, Integer, Table, UniqueConstraint

from core.contracts import kinds
from core.storage.schema.parts import actor, identity, link, metadata, one_of, time, words

actors = Table(
    "actors", metadata, words("id", key=True), words("kind"), words("name"), time(), one_of("kind", kinds.ActorKind)
)
workspaces = Table("workspaces", metadata, identity(), words("name"), time(), UniqueConstraint("name"))
workspace_revisions = Table(
    "workspace_revisions",
    metadata,
    identity(),
    link("workspace_id", "workspaces.id"),
    Column("revision", Integer, nullable=False),
    words("toml"),
    actor(),
    time(),
    UniqueConstraint("workspace_id", "revision"),
)
cases = Table(
    "cases",
    metadata,
    identity(),
    link("workspace_id", "workspaces.id"),
    link("revision_id", "workspace_revisions.id"),
    words("name"),
    words("group_name"),
    words("split"),
    words("content_hash"),
    time(),
    UniqueConstraint("workspace_id", "name"),
    UniqueConstraint("id", "split"),
    one_of("split", kinds.Split),
)
case_fields = Table(
    "case_fields",
    metadata,
    link("case_id", "cases.id", key=True),
    words("field", key=True),
    Column("position", Integer, nullable=False),
    words("blob", optional=True),
    Column("number", Float(53), nullable=True),
    words("text", optional=True),
)
case_attributes = Table(
    "case_attributes",
    metadata,
    link("case_id", "cases.id", key=True),
    words("attribute", key=True),
    words("value"),
)
