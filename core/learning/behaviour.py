"""What models answer, and how the answer changes when marked content is pasted. Shared work is done once."""

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor

from core.contracts import Progress, ProgressReporter
from core.learning.marks import Inputs, MarkedExamples, paste
from core.learning.statistics import Array
from core.models.examples import Examples
from core.models.registry import LoadedModel

BATCH = 64
Logits = Mapping[str, Tensor]


def _shared(models: Sequence[LoadedModel]) -> bool:
    """Tell whether all models look through the same frozen encoders, so that one pass through them serves all."""
    return len({model.network.embedding_key for model in models}) == 1


@torch.no_grad()
def batch_logits(models: Sequence[LoadedModel], inputs: Inputs) -> list[Logits]:
    """Return each model's logits for one batch of inputs."""
    shared = models[0].network.condense(inputs) if _shared(models) else inputs
    return [cast(Logits, model.network(shared)) for model in models]


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
    """Return calibrated probabilities [n, K]: softmax of logits over the version's temperature."""
    temperature = model.manifest.target(target).temperature
    return np.asarray(torch.softmax(answer[target].double() / temperature, dim=1).numpy())


def changed_by_paste(
    models: Sequence[LoadedModel],
    ledger: Examples,
    plain: Sequence[Mapping[str, Tensor]],
    marked: MarkedExamples,
    target: str,
    *,
    repeats: int,
    device: torch.device,
    seed: int,
    reporter: ProgressReporter | None = None,
) -> list[Array]:
    """Return, per model and ledger case, the share of `repeats` pastes of marked content that change its answer.

    Each paste takes the content of a randomly drawn marked row and puts it at the place where it was marked; marked
    words are put in anywhere, or taken out of a text that has them.
    All models see the same pastes. Range 0 to 1; 0 means the answer never depends on it.
    """
    generator = torch.Generator().manual_seed(seed)
    changed = [np.zeros(len(ledger)) for _ in models]
    for repeat in range(repeats):
        rows = torch.randint(len(marked), (len(ledger),), generator=generator)
        for start in range(0, len(ledger), BATCH):
            if reporter is not None:
                done = repeat * len(ledger) + start
                reporter.report(Progress("gate", done, repeats * len(ledger), "pasting marked content"))
            here = torch.arange(start, min(start + BATCH, len(ledger)))
            pasted = paste(ledger.batch(here, device), marked, rows[here], generator, toggle=True)
            for count, before, answer in zip(changed, plain, batch_logits(models, pasted.inputs), strict=True):
                differs = answer[target].argmax(dim=1).cpu() != before[target][here].argmax(dim=1)
                count[here.numpy()] += differs.numpy() / repeats
    return changed
