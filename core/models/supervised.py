"""The plain objective: weighted cross entropy on labelled cases."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from core.contracts import TargetSpec, WorkspaceSpec
from core.errors import BadInput
from core.models.batching import cases_per_pass, passes
from core.models.examples import NO_LABEL, Examples
from core.models.network import Inputs, TandemNetwork
from core.models.randomness import epoch_rows


def class_weights_of(labels: Tensor, classes: int) -> Tensor:
    """Return weights that give each class that occurs the same total: n / (classes that occur x n of the class).

    Examples
    --------
    >>> class_weights_of(torch.tensor([0, 0, 0, 1, -1]), 3)
    tensor([0.6667, 2.0000, 0.0000])
    """
    counts = torch.bincount(labels[labels != NO_LABEL], minlength=classes).float()
    occurring = (counts > 0).sum().clamp(min=1)
    return torch.where(counts > 0, counts.sum() / (occurring * counts.clamp(min=1)), torch.zeros_like(counts))


@dataclass(frozen=True, slots=True)
class Losses:
    """What a batch of answers costs; scalars with a graph."""

    loss: Tensor
    """What training lowers: cross entropy weighed as the workspace says, and the term that aligns fields."""
    entropy: Tensor
    """The cross entropy alone, 0 or more: what penalties are held against. Learnt weights make `loss` negative."""


class SupervisedObjective:
    """Weighted cross entropy of every target on mini-batches of the training cases.

    Cases without a label for a target do not count for it. Where an encoder is frozen, pass condensed examples
    (`core.models.embedding.condense`), or each step looks through it anew.

    Parameters
    ----------
    train, validation
        Cases to learn from, and cases that choose the step.
    spec
        The workspace: its targets (each counts with its `weight`), and from its training section the batch size and
        whether rare classes weigh more.
    device
        Where the network is; default CPU.
    seed
        Order of the mini-batches; default that of the training section.
    label_weights
        Target -> how far each training label is trusted, 0 to 1 [cases of train]; default 1 everywhere.

    Raises
    ------
    BadInput
        When no case of train, or none of validation, has a label.
    """

    def __init__(
        self,
        train: Examples,
        validation: Examples,
        spec: WorkspaceSpec,
        *,
        device: torch.device | None = None,
        seed: int | None = None,
        label_weights: Mapping[str, Tensor] | None = None,
    ) -> None:
        self.device = device or torch.device("cpu")
        self.targets = spec.targets
        self.train = _labelled(train, self.targets, "train")
        self.validation = _labelled(validation, self.targets, "validation")
        self.alignment = spec.fusion.alignment
        self.batch_size = spec.training.batch_size
        self.seed = spec.training.seed if seed is None else seed
        self.label_weights = _one_each(label_weights or {}, len(train))
        self.class_weights = {
            target.name: class_weights_of(train.labels[target.name], len(target.classes)).to(self.device)
            for target in self.targets
            if spec.training.class_weights
        }

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches in one pass over the training cases."""
        return -(-len(self.train) // self.batch_size)

    def loss(self, network: TandemNetwork, step: int, generator: torch.Generator) -> Tensor:
        """Return the loss of mini-batch `step`."""
        return self.mini_batch(network, step).loss

    def mini_batch(self, network: TandemNetwork, step: int) -> Losses:
        """Return the losses of mini-batch `step`."""
        rows = epoch_rows(len(self.train), self.batch_size, step, self.seed)
        labels = self.train.batch_labels(rows, self.device)
        return self.losses(network, self.train.batch(rows, self.device), labels, self.trust(rows))

    def trust(self, rows: Tensor) -> dict[str, Tensor]:
        """Return how far the labels of these training cases are trusted, by target [rows]; empty for fully."""
        return {target: weights[rows].to(self.device) for target, weights in self.label_weights.items()}

    def losses(
        self,
        network: TandemNetwork,
        inputs: Inputs,
        labels: Mapping[str, Tensor],
        trust: Mapping[str, Tensor] | None = None,
    ) -> Losses:
        """Return the losses of a batch of inputs by field with class indexes, and trust in them, by target."""
        vectors = network.encode(inputs)
        return self.aligned(network, vectors, network.decide(network.fusion(vectors)), labels, trust)

    def aligned(
        self,
        network: TandemNetwork,
        vectors: Mapping[str, Tensor],
        logits: dict[str, Tensor],
        labels: Mapping[str, Tensor],
        trust: Mapping[str, Tensor] | None = None,
    ) -> Losses:
        """Return the losses of answers that were made of these vectors by field."""
        found = self.judged(network, logits, labels, trust)
        if network.alignment is None:
            return found
        return Losses(found.loss + self.alignment * network.alignment(vectors), found.entropy)

    def judged(
        self,
        network: TandemNetwork,
        logits: dict[str, Tensor],
        labels: Mapping[str, Tensor],
        trust: Mapping[str, Tensor] | None = None,
    ) -> Losses:
        """Return the losses of answers alone, without the term that aligns fields."""
        entropy = self.cross_entropy(logits, labels, trust=trust)
        if network.log_variances is None:
            return Losses(entropy, entropy)
        return Losses(self.cross_entropy(logits, labels, network.log_variances, trust), entropy)

    def cross_entropy(
        self,
        logits: Mapping[str, Tensor],
        labels: Mapping[str, Tensor],
        log_variances: Tensor | None = None,
        trust: Mapping[str, Tensor] | None = None,
    ) -> Tensor:
        """Return the weighted cross entropy of logits [batch, classes] by target, summed over targets.

        A case's part counts by the `trust` in its label, by target [batch], while the divisor stays: a label of half
        the trust pulls half as hard.

        With learnt log variances s (one a target) each target's loss is scaled by exp(-s), and s / 2 is added, so that
        a target that stays uncertain weighs less.

        Source
        ------
        Kendall, Gal and Cipolla, Multi-Task Learning Using Uncertainty to Weigh Losses, CVPR 2018.
        """
        total = next(iter(logits.values())).sum() * 0.0
        for place, target in enumerate(self.targets):
            truth, weights = labels[target.name], self.class_weights.get(target.name)
            if bool((truth != NO_LABEL).any()):
                trusted = (trust or {}).get(target.name)
                loss = _mean_cross_entropy(logits[target.name], truth, weights, trusted)
                if log_variances is not None:
                    loss = torch.exp(-log_variances[place]) * loss + log_variances[place] / 2
                total = total + target.weight * loss
        return total

    def validation_score(self, network: TandemNetwork) -> float:
        """Return the typical probability of the right answer: exp(-cross entropy), from 0 to 1, higher is better.

        With class weights every class counts the same; with several targets it is their mean by target weight.
        """
        labels = {name: tensor.to(self.device) for name, tensor in self.validation.labels.items()}
        loss = self.cross_entropy(all_logits(network, self.validation, self.device), labels)
        return math.exp(-float(loss) / sum(target.weight for target in self.targets))


def all_logits(network: TandemNetwork, examples: Examples, device: torch.device) -> dict[str, Tensor]:
    """Return each target's logits [cases, classes] of all examples on `device`, in passes of a good size."""
    rows = torch.arange(len(examples))
    size = cases_per_pass(examples.inputs, device)
    parts = [network(examples.batch(rows[part], device)) for part in passes(len(rows), size)]
    return {target: torch.cat([part[target] for part in parts]) for target in network.targets}


def _mean_cross_entropy(logits: Tensor, truth: Tensor, weights: Tensor | None, trust: Tensor | None) -> Tensor:
    """Return the mean cross entropy of one target, cases weighed by class and by trust; unlabelled ones do not count.

    Formula: sum of trust x class weight x cross entropy, divided by the sum of class weights.
    """
    if trust is None:
        return functional.cross_entropy(logits, truth, weight=weights, ignore_index=NO_LABEL)
    each = functional.cross_entropy(logits, truth, weight=weights, ignore_index=NO_LABEL, reduction="none")
    known = truth[truth != NO_LABEL]
    total = weights[known].sum() if weights is not None else known.new_tensor(len(known))
    return (each * trust).sum() / total


def _one_each(label_weights: Mapping[str, Tensor], count: int) -> Mapping[str, Tensor]:
    """Refuse weights that are not one for each case.

    Raises
    ------
    BadInput
        Names the target.
    """
    for target, weights in label_weights.items():
        if weights.shape != (count,):
            raise BadInput(f"Target {target!r} needs one weight per case ({count}), got {list(weights.shape)}.")
    return label_weights


def _labelled(examples: Examples, targets: Sequence[TargetSpec], name: str) -> Examples:
    if not any(bool((examples.labels[target.name] != NO_LABEL).any()) for target in targets):
        wanted = ", ".join(target.name for target in targets)
        raise BadInput(
            f"No case of the {name} split has a label for {wanted} ({len(examples)} cases). Add labelled cases."
        )
    return examples
