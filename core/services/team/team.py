"""The team page as a verb: who does best on the same cases, and what people should read."""

from dataclasses import dataclass

import numpy as np

from core.contracts import Actor, Estimate, TargetSpec, TeamView, Workspace, WorkspaceSpec
from core.errors import BadInput, Refused
from core.learning.checks.costs import cost_table
from core.services.catalogue import Catalogue, target_of
from core.services.runtime import Runtime
from core.services.team.excluded import words_of
from core.services.team.material import Material, Row, gather, newcomers, outcomes_of
from core.services.team.pricing import reads_of
from core.services.wording import require_storable
from core.storage import actors, audit, readers, versions
from core.team.complementarity import by_group, by_reader, team_rows
from core.team.curves import FEWEST_CASES, curves
from core.team.deferral.base import Reads
from core.team.intervals import Clusters, places_of, share

HOUR_COST = 1.0
"""Cost of an hour of reading where nobody says: that of one error that the workspace does not list."""
LONGEST_EXPERIENCE = 60
NOBODY = (
    "Nobody has read a case before the model's answer was shown yet. Read cases from the worklist: commit your own "
    "read, look at the answer, give your verdict. Each such case adds to this page."
)
NO_TRUTH = (
    "Cases were read, but the right answer is known from their own readers alone. This page needs cases with a label "
    "of the data set, an adjudicated one, or one that two other readers agree on."
)
NO_VERDICTS = "Reads are there, and no verdict after the reveal that could be compared. Go on with the cases begun."


@dataclass(frozen=True, slots=True)
class Team:
    """Whether person and model together beat either."""

    runtime: Runtime
    catalogue: Catalogue

    def view(self, workspace: str, *, target: str | None = None, hour_cost: float | None = None) -> TeamView:
        """Return the team page; of the first target where none is named.

        Raises
        ------
        BadInput
            When the cost of an hour is no number of zero or more.
        NotFound
            When there is no such workspace or target.
        """
        cost = HOUR_COST if hour_cost is None else hour_cost
        if not (np.isfinite(cost) and cost >= 0):
            raise BadInput(f"The cost of an hour of reading must be zero or more, got {hour_cost}. Give such a number.")
        found, spec = self._with_pseudonyms(workspace)
        asked = spec.targets[0] if target is None else target_of(spec, target)
        with self.runtime.database.read() as tx:
            material = gather(tx, self.catalogue, found, asked)
            answered = {row.version for row in material.rows if row.scores is not None}
            stored = {one.name: one for one in versions.list_versions(tx, found.id) if one.name in answered}
        reads = reads_of(material.rows, self.catalogue, spec, asked, stored)
        return _view(found, spec, asked, material, reads, cost)

    def set_experience(self, workspace: str, reader: str, experience: str, *, actor: Actor) -> None:
        """Note how experienced a reader is, by pseudonym; an empty text takes it away.

        Raises
        ------
        BadInput
            When the text is too long or can't be stored.
        NotFound
            When there is no such workspace or reader.
        Refused
            When the workspace names its leads, and this person is none of them.
        """
        words = " ".join(experience.split())
        require_storable("The experience", words)
        if len(words) > LONGEST_EXPERIENCE:
            raise BadInput(f"The experience has {len(words)} characters, at most {LONGEST_EXPERIENCE} are kept.")
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            found, spec = self.catalogue.workspace(tx, workspace)
            if spec.reading.leads and actor.id not in spec.reading.leads:
                raise Refused("Only a lead of this workspace notes how experienced readers are. Ask one of them.")
            readers.set_experience(tx, found.id, reader, words)
            subject = {"reader": reader, "experience": words}
            audit.append(tx, actor_id=actor.id, kind="experience", workspace=workspace, subject=subject)

    def _with_pseudonyms(self, workspace: str) -> tuple[Workspace, WorkspaceSpec]:
        """Return the workspace once everybody who has read there has a pseudonym."""
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            fresh = newcomers(tx, found.id)
        if fresh:
            with self.runtime.database.write() as tx:
                for actor_id in fresh:
                    readers.pseudonym(tx, found.id, actor_id)
        return found, spec


def _view(
    workspace: Workspace,
    spec: WorkspaceSpec,
    target: TargetSpec,
    material: Material,
    reads: Reads,
    hour_cost: float,
) -> TeamView:
    together = material.together
    outcomes = outcomes_of(together)
    names = [attribute.name for attribute in spec.attributes if attribute.sensitive]
    cuts = (
        *by_reader(outcomes, material.experience),
        *by_group([row.case.attributes for row in together], names),
    )
    return TeamView(
        workspace=workspace.name,
        target=target.name,
        targets=tuple(one.name for one in spec.targets),
        rows=team_rows(outcomes, cuts, spec.gate.minimum_group),
        curves=curves(reads, cost_table(spec, target), hour_cost),
        hour_cost=hour_cost,
        model_alone=_model_alone(reads),
        person_alone=_person_alone(material.rows),
        excluded=(*words_of(material.excluded), *_chosen_cases(spec)),
        experiences=tuple(material.experience.items()),
        note=_note(material),
    )


def _person_alone(rows: tuple[Row, ...]) -> Estimate | None:
    """Return the accuracy of all reads before the reveal, those with the model switched off among them."""
    if not rows:
        return None
    clusters = _clusters([row.reader for row in rows], [row.case.group for row in rows])
    return share(np.asarray([float(row.read == row.truth) for row in rows]), np.ones(len(rows)), clusters)


def _model_alone(reads: Reads) -> Estimate | None:
    """Return the accuracy of the model on the cases that people read."""
    clusters = Clusters(places_of(reads.readers), places_of(reads.groups)).only_cases
    return share(reads.model_right.astype(np.float64), np.ones(len(reads.truth)), clusters)


def _clusters(names: list[str], groups: list[str]) -> Clusters:
    return Clusters(places_of(np.asarray(names, dtype=np.str_)), places_of(np.asarray(groups, dtype=np.str_)))


def _chosen_cases(spec: WorkspaceSpec) -> tuple[str, ...]:
    """Return in which way the cases that people read are no fair sample of all cases, in words."""
    if spec.reading.mode == "triage":
        return ("In triage people read what the model leaves to them: all figures are of those cases alone.",)
    if spec.reading.queue == "random":
        return ()
    return (
        "The queue puts first what the model is least sure of: all figures are of the cases that were read, and over "
        "all cases the model would do better than here.",
    )


def _note(material: Material) -> str:
    """Return why there is nothing to show, or too little for who should read what."""
    if not material.rows:
        return NO_TRUTH if material.excluded["truth"] else NOBODY
    if not material.together:
        return NO_VERDICTS
    cases = len({row.case.id for row in material.rows if row.scores is not None})
    if cases < FEWEST_CASES:
        return f"Who should read what needs at least {FEWEST_CASES} cases; {cases} were read so far."
    return ""
