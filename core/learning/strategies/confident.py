"""Confident learning: labels that the other cases contradict are found and left out.

Each case is judged by a network that did not learn from it (folds of groups); labels that lie off the diagonal of the
confident joint are suspects. What a person labelled is never one.

Source: Northcutt, Jiang and Chuang, Confident Learning: Estimating Uncertainty in Dataset Labels, JAIR 2021.
"""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.contracts import Progress, ProgressReporter, Suspect
from core.learning.label_noise import doubtful
from core.learning.strategies.base import Family, StrategyContext, supervised
from core.models.encoders.base import initialise
from core.models.examples import NO_LABEL, Examples
from core.models.network import TandemNetwork
from core.models.randomness import generator_for
from core.models.scope import opened_backbones
from core.models.supervised import SupervisedObjective, all_logits
from core.models.training import Objective, TrainingPlan, fit

FOLDS = 3
EPOCHS = 8
"""Most epochs of each fold's network: long enough to learn what is common, too short to learn single cases by heart."""
STAGE = "checking the labels"


class ConfidentStrategy:
    """Finds labels on record that are probably wrong, and learns from the others."""

    name = "confident"
    title = "Without doubtful labels"
    words = (
        "Looks for labels on record that the other cases contradict, and retrains without them. They go to the "
        "worklist, so that a person can decide. Marks are not used."
    )
    uses_regions = False
    family: Family = "labels"
    cost = 2.5

    def fits(self, context: StrategyContext) -> str | None:
        """Return None: labels are always there."""
        return None

    def objective(self, context: StrategyContext) -> Objective:
        """Return plain cross-entropy on the cases whose label is not doubtful."""
        return ConfidentObjective(context)


class ConfidentObjective(SupervisedObjective):
    """Cross entropy without doubtful labels; `suspects` are these, the most doubtful of each target first."""

    suspects: tuple[Suspect, ...]

    def __init__(self, context: StrategyContext) -> None:
        plain = supervised(context)
        found = tuple(doubtful_rows(context, plain))
        weights = dict(plain.label_weights)
        for target in dict.fromkeys(item.target for item in found):
            known = weights.get(target, torch.ones(len(plain.train))).clone()
            known[[item.row for item in found if item.target == target]] = 0.0
            weights[target] = known
        super().__init__(
            plain.train,
            plain.validation,
            context.spec,
            seed=context.seed,
            device=context.device,
            label_weights=weights,
        )
        self.suspects = tuple(item.suspect for item in found)


@dataclass(frozen=True, slots=True)
class Found:
    """A doubtful label and where it stands in the training cases."""

    row: int
    target: str
    suspect: Suspect
    """Its case is the number as words, as in `core.learning.mark_checks`."""


def doubtful_rows(context: StrategyContext, plain: SupervisedObjective) -> Iterator[Found]:
    """Return the doubtful labels of the training cases, target by target; those of persons are left out."""
    judged = out_of_sample(context, plain)
    for target in context.spec.targets:
        labels = plain.train.labels[target.name]
        known = torch.nonzero(labels != NO_LABEL).flatten()
        answers = judged[target.name][known].double().numpy()
        for item in doubtful(answers, labels[known].numpy()):
            row = int(known[item.row])
            case = plain.train.case_ids[row]
            if case in context.confirmed:
                continue
            names = target.classes
            yield Found(
                row,
                target.name,
                Suspect(str(case), target.name, names[item.label], names[item.suggested], item.probability),
            )


def out_of_sample(context: StrategyContext, plain: SupervisedObjective) -> Mapping[str, Tensor]:
    """Return each target's probabilities [cases, classes] by networks that did not learn from the case's group."""
    train, fold = plain.train, folds_of(plain.train, context.seed)
    found = {t.name: torch.full((len(train), len(t.classes)), 1 / len(t.classes)) for t in context.spec.targets}
    for number in range(FOLDS):
        inside, outside = torch.nonzero(fold != number).flatten(), torch.nonzero(fold == number).flatten()
        objective = _objective(context, plain, inside)
        if objective is None or not len(outside):
            continue
        network = _learnt(context, objective, number)
        with torch.no_grad():
            answers = all_logits(network, train.select(outside), context.device)
        for target, logits in answers.items():
            found[target][outside] = torch.softmax(logits.cpu().float(), dim=1)
    return found


def folds_of(examples: Examples, seed: int) -> Tensor:
    """Return each case's fold [cases]; cases of a group share one."""
    groups = sorted(set(examples.groups))
    order = torch.randperm(len(groups), generator=generator_for(seed, "folds")).tolist()
    fold = {group: place % FOLDS for group, place in zip(groups, order, strict=True)}
    return torch.tensor([fold[group] for group in examples.groups])


def _objective(context: StrategyContext, plain: SupervisedObjective, rows: Tensor) -> SupervisedObjective | None:
    """Return plain cross-entropy on `rows`; None where none of them has a label."""
    some = plain.train.select(rows)
    if not any(bool((labels != NO_LABEL).any()) for labels in some.labels.values()):
        return None
    weights = {target: values[rows] for target, values in plain.label_weights.items()}
    return SupervisedObjective(
        some, plain.validation, context.spec, seed=context.seed, device=context.device, label_weights=weights
    )


def _learnt(context: StrategyContext, objective: SupervisedObjective, number: int) -> TandemNetwork:
    """Return a network with new weights that learnt one fold's cases."""
    training = context.spec.training
    plan = TrainingPlan(
        seed=context.seed,
        epochs=min(EPOCHS, training.epochs),
        batch_size=training.batch_size,
        learning_rate=training.learning_rate,
        weight_decay=training.weight_decay,
        keep_last=True,
    )
    network = forgetful(context.network, context.seed + number)
    fit(network, objective, plan, _Checking(context.reporter, number))
    return network.eval()


def forgetful(network: TandemNetwork, seed: int) -> TandemNetwork:
    """Return a copy whose trained parts have new weights, so that it knows no label; backbones stay as they are."""
    fresh = copy.deepcopy(network).cpu()
    generator = torch.Generator().manual_seed(seed)
    kept = (*fresh.frozen_fields, *opened_backbones(fresh))
    for name in fresh.fields:
        if name not in kept:
            initialise(fresh.encoder(name), generator)
    for part in (fresh.fusion, fresh.alignment, fresh.heads):
        if part is not None:
            initialise(part, generator)
    return fresh.to(network.device)


@dataclass(frozen=True, slots=True)
class _Checking:
    """Reports the training of a fold as what it is for."""

    reporter: ProgressReporter
    fold: int

    def report(self, progress: Progress) -> None:
        """Report how many folds are done; the reporter may say that the work is to stop."""
        words = f"fold {self.fold + 1} of {FOLDS}"
        self.reporter.report(replace(progress, stage=STAGE, message=words, curve=(), seconds_left=None))
