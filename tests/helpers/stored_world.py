"""A small workspace in a database, and makers of cases, versions and verdicts for it."""

from dataclasses import dataclass

from core.contracts import Actor, Case, FieldValue, NewCase, NewVerdict, NewVersion, Run, Version, Workspace
from core.storage import actors, cases, runs, versions, workspaces
from core.storage.database import Database

SPLITS = ("train", "validation", "calibration", "ledger", "pool")


@dataclass(frozen=True)
class World:
    """A workspace `demo` with one case per split, two people, a run and a version."""

    database: Database
    workspace: Workspace
    cases: dict[str, Case]
    run: Run
    version: Version

    @property
    def pool(self) -> int:
        """Number of the pool case, the one that people read."""
        return self.cases["pool"].id


def new_case(name: str, split: str = "pool", label: str | None = "3", content: str = "a") -> NewCase:
    """A case with three fields and one attribute; `content` stands for its hash."""
    return NewCase(
        name=name,
        group=f"group of {name}",
        split=split,
        fields=(FieldValue("image", blob=content * 64), FieldValue("age", number=41.5), FieldValue("note", text="ok")),
        labels={} if label is None else {"digit": label},
        attributes={"patch": "none"},
        content_hash=content * 64,
    )


def new_version(world: World, parent: str | None = None) -> NewVersion:
    """A version about to be registered in the world's workspace."""
    workspace = world.workspace
    return NewVersion(workspace.id, workspace.revision_id, world.run.id, parent, "a" * 64, "b" * 64, "c" * 64)


def new_verdict(world: World, label: str = "3", **changes: object) -> NewVerdict:
    """A verdict of ada on the pool case."""
    values = {
        "case_id": world.pool,
        "target": "digit",
        "actor_id": "ada",
        "label": label,
        "stance": "override",
        "confidence": "likely",
        "version": "v1",
        "shown": "{}",
    }
    return NewVerdict(**{**values, **changes})


def make_world(database: Database) -> World:
    """Fill a blank database."""
    with database.write() as tx:
        for name in ("ada", "ben"):
            actors.ensure(tx, Actor(name, name=name.title()))
        workspace = workspaces.ensure(tx, "demo", "title = 'one'", "ada")
        cases.add_many(tx, workspace.id, workspace.revision_id, [new_case(split, split) for split in SPLITS])
        stored = {case.name: case for case in cases.list_cases(tx, workspace.id)}
        run = runs.add(tx, workspace.id, "champion", "labels", 7, False, (), None)
        new = NewVersion(workspace.id, workspace.revision_id, run.id, None, "a" * 64, "b" * 64, "c" * 64)
        version = versions.add(tx, new)
    return World(database, workspace, stored, run, version)
