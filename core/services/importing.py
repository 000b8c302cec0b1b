"""Bringing cases in: all or nothing for the batch, listed row by row for what can't be used."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection

from core.contracts import Actor, NewCase, NewJob, ProgressReporter, Split, Workspace, WorkspaceSpec
from core.errors import Conflict, ImportRefused
from core.services.bringing import brought, store
from core.services.embeddings import Silent
from core.services.guard.fitting import ask_to_route
from core.services.own_models import Offered, OwnModels
from core.services.runtime import Runtime
from core.services.scoring import Scoring
from core.services.soundness import usable
from core.sources.base import RowProblem, SourceResult
from core.sources.registry import source_of
from core.sources.workspace_file import load_workspace, parse_workspace
from core.storage import actors, audit, cases, jobs, workspaces

SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "workspaces"
FROZEN_SECTIONS = ("fields", "targets", "attributes", "split", "model")
"""What can't change once verdicts exist."""
SERVED_SECTIONS = ("fields", "targets", "model")
"""What can't change once a version serves: its answers would not fit."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did."""

    workspace: str
    added: int
    unchanged: int
    conflicts: tuple[str, ...]
    """Names of cases whose content differs from what is stored; they were left as they are."""
    problems: tuple[RowProblem, ...]
    job_id: int | None
    """Job that trains the first champion, or None when there is one."""
    verdicts: int = 0
    """Verdicts that came with the cases."""
    notes: tuple[str, ...] = ()
    """What a person should know besides: what was left out on purpose, and why."""


@dataclass(frozen=True, slots=True)
class Importing:
    """Creates workspaces and fills them."""

    runtime: Runtime
    scoring: Scoring
    own: OwnModels

    def import_folder(
        self, toml: Path, folder: Path, *, actor: Actor, reporter: ProgressReporter | None = None
    ) -> ImportReport:
        """Import the cases of a folder into the workspace that a TOML file declares.

        Raises
        ------
        UserError
            When the file or the folder can't be used at all; nothing is changed then.
        """
        spec, text = load_workspace(toml)
        return self._import(spec, text, folder, actor, reporter or Silent(), beside=toml.parent)

    def prepare_demos(self, names: Sequence[str] | None = None) -> tuple[int, ...]:
        """Ask the worker for the demo workspaces that are not there yet; return the jobs."""
        wanted = self.runtime.settings.demos if names is None else tuple(names)
        with self.runtime.database.write() as tx:
            actors.ensure(tx, self.runtime.actor)
            asked = [self._ask_for_demo(tx, name) for name in wanted]
        return tuple(job_id for job_id in asked if job_id is not None)

    def import_demo(self, name: str, reporter: ProgressReporter) -> ImportReport:
        """Import a workspace that ships with the product (run by the worker)."""
        spec, text = load_workspace(shipped(name))
        return self._import(spec, text, None, self.runtime.actor, reporter)

    def _ask_for_demo(self, tx: Connection, name: str) -> int | None:
        shipped(name)
        if name in workspaces.names(tx) and workspaces.get(tx, name).champion:
            return None
        job = NewJob("import", name, {"demo": name}, self.runtime.actor.id, key=f"demo:{name}")
        return jobs.add(tx, job).id

    def _import(
        self,
        spec: WorkspaceSpec,
        text: str,
        folder: Path | None,
        actor: Actor,
        reporter: ProgressReporter,
        beside: Path = SHIPPED,
    ) -> ImportReport:
        result = usable(spec, source_of(spec, folder).read(spec, self.runtime.blobs, reporter))
        if not result.cases:
            raise ImportRefused(_nothing_usable(spec, result))
        said = brought(spec, result, self.runtime.blobs)
        offered = self._offered(spec, [place for place in (folder, beside) if place is not None], result)
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            self._refuse_frozen_changes(tx, spec)
            workspace = workspaces.ensure(tx, spec.name, text, actor.id)
            placed = _placed(tx, workspace, result.cases)
            added = cases.add_many(tx, workspace.id, workspace.revision_id, placed)
            verdicts = store(tx, workspace, spec, said, added.names, actor)
            audit.append(
                tx,
                actor_id=actor.id,
                kind="import",
                workspace=spec.name,
                subject={
                    "revision": workspace.revision,
                    "added": added.added,
                    "unchanged": added.unchanged,
                    "conflicts": len(added.conflicts),
                    "unusable_rows": len(result.problems),
                    "verdicts": verdicts,
                },
            )
            weights = offered.weights if offered else None
            job_id = None if workspace.champion else ask_for_champion(tx, workspace, actor, weights)
            if workspace.champion:
                ask_to_route(tx, workspace.name, actor.id, again=True)
        if workspace.champion:
            self.scoring.score(spec.name, workspace.champion, reporter)
        notes = (*result.notes, *said.notes, *(offered.notes if offered else ()))
        return ImportReport(
            spec.name, added.added, added.unchanged, added.conflicts, result.problems, job_id, verdicts, notes
        )

    def _offered(self, spec: WorkspaceSpec, places: Sequence[Path], result: SourceResult) -> Offered | None:
        """Check the workspace's own model, where it has one and nothing serves yet, before anything is stored."""
        with self.runtime.database.read() as tx:
            if spec.name in workspaces.names(tx) and workspaces.get(tx, spec.name).champion:
                return None
        return self.own.check(spec, places, result.cases)

    def _refuse_frozen_changes(self, tx: Connection, spec: WorkspaceSpec) -> None:
        """Refuse a revision that changes what verdicts, or the version that serves, rest on."""
        if spec.name not in workspaces.names(tx):
            return
        stored = workspaces.get(tx, spec.name)
        judged = workspaces.has_verdicts(tx, stored.id)
        if not judged and stored.champion is None:
            return
        before = parse_workspace(stored.toml, spec.name)
        frozen = FROZEN_SECTIONS if judged else SERVED_SECTIONS
        changed = [name for name in frozen if getattr(before, name) != getattr(spec, name)]
        if changed:
            has = "verdicts" if judged else "a version that serves"
            raise Conflict(
                f"Workspace {spec.name!r} already has {has}, so its {', '.join(changed)} can't change. "
                "Give the file another `name` to start a new workspace."
            )


def shipped(name: str) -> Path:
    """Return the TOML file of a demo that ships with the product.

    Raises
    ------
    ImportRefused
        Names the demos that need no folder.
    """
    demos = sorted(path.stem for path in SHIPPED.glob("*.toml") if 'kind = "package"' in path.read_text("utf-8"))
    if name not in demos:
        raise ImportRefused(f"No demo workspace {name!r}. Demos that need no folder: {', '.join(demos)}.")
    return SHIPPED / f"{name}.toml"


def ask_for_champion(tx: Connection, workspace: Workspace, actor: Actor, weights: str | None = None) -> int:
    """Queue the training of the first champion, once; with `weights` (a blob), the adoption of one's own model."""
    key = f"champion:{workspace.name}"
    payload = {} if weights is None else {"weights": weights}
    return jobs.add(tx, NewJob("champion", workspace.name, payload, actor.id, key=key)).id


def _placed(tx: Connection, workspace: Workspace, new: Sequence[NewCase]) -> list[NewCase]:
    """Give a case the split that its group already has; others that come after the first training go to the pool.

    So no group is ever in two splits, and what judges and trains models does not shift with what arrives.
    """
    stored = cases.splits_of_groups(tx, workspace.id)
    late: Split | None = "pool" if workspace.champion else None
    return [replace(case, split=stored.get(case.group, late or case.split)) for case in new]


def place_of(problem: RowProblem) -> str:
    """Return where a problem is, in words.

    Examples
    --------
    >>> place_of(RowProblem(3, "age", "")), place_of(RowProblem(0, "cat/1.png", ""))
    ('line 3, age', 'cat/1.png')
    """
    parts = [f"line {problem.line}"] if problem.line else []
    return ", ".join([*parts, problem.column] if problem.column else parts)


def _nothing_usable(spec: WorkspaceSpec, result: SourceResult) -> str:
    first = "; ".join(f"{place_of(p)}: {p.reason}" for p in result.problems[:3])
    return f"No row of workspace {spec.name!r} can be used. {first or 'The source is empty.'}"
