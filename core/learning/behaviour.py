"""What models answer, and how the answer changes when inputs are altered. Shared work is done once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor

from core.contracts import Progress, ProgressReporter
from core.learning.marks import Inputs, MarkedExamples, draw_rows, paste
from core.learning.statistics import Array
from core.models.calibration import calibrated
from core.models.examples import Examples
from core.models.registry import LoadedModel

BATCH = 64
Logits = Mapping[str, Tensor]
Alter = Callable[[Inputs, Tensor, torch.Generator], Inputs]
"""Inputs of a batch, their rows in the examples, random numbers -> the altered inputs."""


@dataclass(frozen=True, slots=True, eq=False)
class Alteration:
    """Which cases are altered, how, and how often each."""

    cases: Tensor
    """Rows of the examples, int64 [n]; no row twice."""
    alter: Alter
    repeats: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Altered:
    """What models answer to altered cases; one mapping target -> [n] for each model."""

    cases: Tensor
    """Rows of the examples, int64 [n], ascending."""
    changed: tuple[Mapping[str, Array], ...]
    """Share of repeats in which the answer is another than to the case as it is; 0 to 1."""
    right: tuple[Mapping[str, Array], ...]
    """Share of repeats in which the answer to the altered case is its reference label; 0 to 1."""


@torch.no_grad()
def batch_logits(models: Sequence[LoadedModel], inputs: Inputs) -> list[Logits]:
    """Return each model's logits for one batch; one pass through a frozen encoder serves all that share it."""
    condensed: dict[str, Inputs] = {}
    answers = []
    for model in models:
        key = model.network.embedding_key
        if key not in condensed:
            condensed[key] = model.network.condense(inputs)
        answers.append(cast(Logits, model.network(condensed[key])))
    return answers


def logits(models: Sequence[LoadedModel], examples: Examples, device: torch.device) -> list[dict[str, Tensor]]:
    """Return each model's logits [n, K] per target for all examples, in order."""
    parts: list[list[Logits]] = [[] for _ in models]
    for start in range(0, len(examples), BATCH):
        rows = torch.arange(start, min(start + BATCH, len(examples)))
        for collected, answer in zip(parts, batch_logits(models, examples.batch(rows, device)), strict=True):
            collected.append(answer)
    return [_concatenate(collected) for collected in parts]


def _concatenate(parts: Sequence[Logits]) -> dict[str, Tensor]:
    return {target: torch.cat([part[target].float().cpu() for part in parts]) for target in parts[0]}


def probabilities(model: LoadedModel, answer: Mapping[str, Tensor], target: str) -> Array:
    """Return the version's calibrated probabilities [n, K] of its logits."""
    return calibrated(model.manifest.target(target), answer[target].double().numpy())


def top_labels(model: LoadedModel, target: str, answer: Tensor) -> Tensor:
    """Return the most probable label of each case, int64 [n], of the version's logits [n, K].

    Only a calibration that moves classes apart from each other can make it another than that of the highest logit.
    """
    if model.manifest.target(target).method == "temperature":
        return answer.argmax(dim=1).cpu()
    return torch.from_numpy(probabilities(model, {target: answer.cpu()}, target).argmax(axis=1))


def answers_to_altered(
    models: Sequence[LoadedModel],
    examples: Examples,
    plain: Sequence[Logits],
    alteration: Alteration,
    *,
    device: torch.device,
    seed: int,
    reporter: ProgressReporter | None = None,
) -> Altered:
    """Return what all models answer to the same altered cases; `plain` are their logits for all examples as they are.

    Cases are altered in a random order, so that a batch, which may lend content, is no stretch of like cases.
    """
    generator = torch.Generator().manual_seed(seed)
    count = len(alteration.cases)
    tallies = [_Tally.of(model, examples, own) for model, own in zip(models, plain, strict=True)]
    for repeat in range(alteration.repeats):
        order = alteration.cases[torch.randperm(count, generator=generator)]
        for start in range(0, count, BATCH):
            if reporter is not None:
                done, total = repeat * count + start, count * alteration.repeats
                reporter.report(Progress("gate", done, total, "altering marked content"))
            here = order[start : start + BATCH]
            inputs = alteration.alter(examples.batch(here, device), here, generator)
            for tally, answer in zip(tallies, batch_logits(models, inputs), strict=True):
                tally.count(here, answer, 1.0 / alteration.repeats)
    cases = alteration.cases.sort().values
    changed = tuple(_chosen(tally.changed, cases) for tally in tallies)
    return Altered(cases, changed, tuple(_chosen(tally.right, cases) for tally in tallies))


@dataclass(frozen=True, slots=True, eq=False)
class _Tally:
    """One model's answers to all examples as they are, their labels, and what is counted, by target."""

    model: LoadedModel
    before: Mapping[str, Tensor]
    labels: Mapping[str, Tensor]
    changed: Mapping[str, Array]
    right: Mapping[str, Array]

    @classmethod
    def of(cls, model: LoadedModel, examples: Examples, plain: Logits) -> "_Tally":
        """Start counting from the logits of all examples as they are."""
        before = {target: top_labels(model, target, own) for target, own in plain.items()}
        zeros = [{target: np.zeros(len(examples)) for target in plain} for _ in range(2)]
        return cls(model, before, {target: examples.labels[target].cpu() for target in plain}, *zeros)

    def count(self, rows: Tensor, answer: Logits, weight: float) -> None:
        """Count one batch of answers to altered cases."""
        for target, own in answer.items():
            top = top_labels(self.model, target, own)
            self.changed[target][rows.numpy()] += (top != self.before[target][rows]).numpy() * weight
            self.right[target][rows.numpy()] += (top == self.labels[target][rows]).numpy() * weight


def _chosen(tally: Mapping[str, Array], cases: Tensor) -> Mapping[str, Array]:
    return {target: own[cases.numpy()] for target, own in tally.items()}


def pasting(marked: MarkedExamples) -> Alter:
    """Return what pastes the content of a drawn marked row where it was marked.

    Marked words are put in anywhere, or taken out of a text that has them.
    """

    def alter(inputs: Inputs, rows: Tensor, generator: torch.Generator) -> Inputs:
        return paste(inputs, marked, draw_rows(marked, len(rows), generator), generator, toggle=True).inputs

    return alter


def changed_by_paste(
    models: Sequence[LoadedModel],
    ledger: Examples,
    plain: Sequence[Logits],
    marked: MarkedExamples,
    target: str,
    *,
    repeats: int,
    device: torch.device,
    seed: int,
    reporter: ProgressReporter | None = None,
) -> list[Array]:
    """Return, per model and ledger case, the share of `repeats` pastes of marked content that change its answer.

    All models see the same pastes. Range 0 to 1; 0 means the answer never depends on it.
    """
    alteration = Alteration(torch.arange(len(ledger)), pasting(marked), repeats)
    altered = answers_to_altered(models, ledger, plain, alteration, device=device, seed=seed, reporter=reporter)
    return [own[target] for own in altered.changed]
