"""The robustness report of a version: the screen on ledger cases, as figures with n and interval."""

import copy
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from core.contracts import AttackLine, Case, CorruptionLine, Estimate, ProgressReporter, RobustnessReport
from core.errors import Refused
from core.fairness.intervals import wilson
from core.guard.robustness.attacks.registry import attack
from core.guard.robustness.corruptions.registry import corruptions
from core.guard.robustness.hint import WORDS as HINT
from core.guard.robustness.pictures import image_fields
from core.guard.robustness.screen import Findings, Screen
from core.guard.robustness.work import Plan
from core.learning.metrics import weighted_auroc
from core.learning.statistics import Resampler, estimate, interval
from core.models.embedding import condense
from core.models.examples import Examples
from core.models.own.network import OwnNetwork
from core.models.registry import LoadedModel
from core.services.casebook import Casebook
from core.services.catalogue import Catalogue, target_of
from core.services.embeddings import stored_embeddings
from core.services.trust.drawing import drawn

FEWEST_FLIPPED = 5
"""Below so many attacked cases the hint is not measured."""
FEW = 30
"""Below so many cases a note says that the intervals are wide."""
AREA_DRAWS = 500


@dataclass(frozen=True, slots=True)
class RobustnessQuestion:
    """What was asked for."""

    workspace: str
    version: str
    target: str
    cases: int = 100


@dataclass(frozen=True, slots=True)
class RobustnessReports:
    """Measures how easily versions are thrown off."""

    catalogue: Catalogue
    casebook: Casebook
    plan: Plan = field(default_factory=Plan)

    def measure(self, asked: RobustnessQuestion, reporter: ProgressReporter) -> RobustnessReport:
        """Attack and corrupt ledger cases with a reference label.

        Raises
        ------
        Refused
            When there is no such case, or no image field.
        """
        begun = time.monotonic()
        with self.catalogue.runtime.database.read() as tx:
            workspace, spec = self.catalogue.workspace(tx, asked.workspace)
            references = self.catalogue.references(tx, workspace)
            ledger = self.catalogue.cases(tx, workspace, "ledger")
        target, model = target_of(spec, asked.target), self.catalogue.model(workspace, asked.version)
        labels = {number: found.label for number, found in references[target.name].items()}
        cases = drawn([one for one in ledger if labels.get(one.id) in target.classes], {}, asked.cases)
        if not cases:
            raise Refused(
                f"No ledger case of {asked.workspace!r} has a label for {target.name!r}. Import labelled cases."
            )
        if not image_fields(model.spec):
            raise Refused(NO_IMAGE)
        examples = self._ready(model, self.casebook.examples(cases, model.spec, references), reporter)
        plan = replace(self.plan, seed=spec.split.seed)
        network = copy.deepcopy(model.network).eval().requires_grad_(False)
        found = Screen(network, target.name, examples, reporter, plan).run()
        return _report(asked, model, cases, found, plan, time.monotonic() - begun)

    def _ready(self, model: LoadedModel, examples: Examples, reporter: ProgressReporter) -> Examples:
        """Return examples whose fields without pixels are vectors, where an encoder is frozen."""
        if isinstance(model.network, OwnNetwork):
            return examples
        known = condense(model.network, examples, model.device, reporter, stored_embeddings(self.catalogue.runtime))
        pictures = {name: examples.inputs[name] for name in image_fields(model.spec)}
        return replace(examples, inputs={**known.inputs, **pictures})


NO_IMAGE = (
    "Attacks and corruptions change pixels, and this workspace has no image field. Numbers and categories have no "
    "small change that nobody sees; look at what if for what would change an answer."
)


def _report(
    asked: RobustnessQuestion,
    model: LoadedModel,
    cases: Sequence[Case],
    found: Findings,
    plan: Plan,
    seconds: float,
) -> RobustnessReport:
    groups = np.asarray([case.group for case in cases], dtype=object)
    flips = np.sort(found.smallest[np.isfinite(found.smallest)])
    seed = plan.seed
    return RobustnessReport(
        workspace=asked.workspace,
        version=asked.version,
        target=asked.target,
        created=datetime.now(UTC),
        cases=len(cases),
        clean=share(found.right, groups, seed),
        attacks=_attack_lines(found, groups[found.attacked_rows], seed),
        corruptions=_corruption_lines(found, groups, seed),
        smallest=tuple(flips.tolist()),
        unflipped=len(found.smallest) - len(flips),
        hint=_area(found, groups[found.attacked_rows], seed),
        seconds=seconds,
        notes=tuple(_notes(model, found, plan)),
    )


def _attack_lines(found: Findings, groups: NDArray[np.object_], seed: int) -> tuple[AttackLine, ...]:
    """Return one line for each attack and epsilon; none where nothing could be attacked."""
    if not len(groups):
        return ()
    return tuple(
        AttackLine(
            attack=one.attack,
            title=attack(one.attack).title,
            epsilon=one.epsilon,
            steps=one.steps,
            success=share(one.flipped, groups, seed),
            sound=one.soundness.sound,
            words=one.soundness.words,
        )
        for one in found.attacked
    )


def _corruption_lines(found: Findings, groups: NDArray[np.object_], seed: int) -> tuple[CorruptionLine, ...]:
    titles = {one.name: one.title for one in corruptions()}
    return tuple(
        CorruptionLine(
            corruption=one.corruption,
            title=titles[one.corruption],
            severity=one.severity,
            accuracy=share(one.right, groups, seed),
            changed=share(one.changed, groups, seed),
        )
        for one in found.corrupted
    )


def share(flags: NDArray[np.bool_], groups: Sequence[object] | NDArray[np.object_], seed: int) -> Estimate:
    """Return the share of `flags` [n] with its 95 % interval; `groups` name each case's group.

    Wilson's interval where every case is a group of its own; else a bootstrap of groups, or, where all cases or none
    are counted and a bootstrap has no width, Wilson's on the number of groups.
    """
    n, known = len(flags), {str(group) for group in groups}
    plain = wilson(int(flags.sum()), n)
    if len(known) == n:
        return plain
    if plain.value in (0.0, 1.0):
        coarse = wilson(round(plain.value * len(known)), len(known))
        return Estimate(plain.value, coarse.low, coarse.high, n)
    resampler = Resampler.of_groups([str(group) for group in groups], seed=seed)
    low, high = interval(resampler.mean_draws(flags.astype(np.float64)))
    return Estimate(plain.value, low, high, n)


def _area(found: Findings, groups: NDArray[np.object_], seed: int) -> Estimate | None:
    """Return how well the hint tells attacked pictures from honest ones (AUROC); None with too few attacked ones."""
    turned = np.isfinite(found.suspicion_attacked)
    if turned.sum() < FEWEST_FLIPPED:
        return None
    scores = np.concatenate([found.suspicion, found.suspicion_attacked[turned]])
    attacked = np.concatenate([np.zeros(len(turned), dtype=bool), np.ones(int(turned.sum()), dtype=bool)])
    both = [str(group) for group in (*groups, *groups[turned])]
    resampler = Resampler.of_groups(both, seed=seed, resamples=AREA_DRAWS)
    return estimate(lambda data, weights: weighted_auroc(data, attacked, weights), scores, resampler, len(scores))


def _notes(model: LoadedModel, found: Findings, plan: Plan) -> list[str]:
    """Return what a person must know beside the figures."""
    told, right = [], int(found.right.sum())
    others = [item.name for item in model.spec.fields if item.kind != "image"]
    if others:
        told.append(f"Only pictures were attacked and corrupted; {', '.join(others)} stayed as they are.")
    if not right:
        told.append("No case was answered correctly, so there was nothing to attack.")
    if 0 < len(found.attacked_rows) < right:
        told.append(
            f"Attacks ran on {len(found.attacked_rows):,} of the {right:,} correctly answered cases: more would take "
            f"over {math.ceil(plan.seconds / 60)} minutes here."
        )
    if 0 < len(found.attacked_rows) < FEW:
        told.append(f"Only {len(found.attacked_rows):,} cases were attacked, so the intervals are wide.")
    broken = dict.fromkeys(attack(one.attack).title for one in found.attacked if not one.soundness.sound)
    if broken and len(found.attacked_rows):
        told.append(f"{', '.join(broken)} failed the checks of the attack itself: low figures there prove nothing.")
    told.append("An attack shows what can go wrong; one that fails does not show that nothing can.")
    told.append(f"The detector of attacked pictures compares answers before and after squeezing: {HINT}.")
    return told
