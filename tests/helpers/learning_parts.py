"""Marked examples and strategy contexts on tiny networks."""

from collections.abc import Mapping

import torch
from torch import Tensor

from core.contracts import FieldKind, FieldSpec, WorkspaceSpec
from core.fairness.membership import Membership
from core.learning.marks import MarkedExamples
from core.learning.strategies.base import StrategyContext
from core.models.embedding import condense
from core.models.examples import Examples
from core.models.network import TandemNetwork
from tests.helpers.model_parts import Watcher, cases_of

DEVICE = torch.device("cpu")


def kinds_of(spec: WorkspaceSpec) -> Mapping[str, FieldKind]:
    """Field -> its kind."""
    return {item.name: item.kind for item in spec.fields}


def marked_of(spec: WorkspaceSpec, count: int, artefact: str | None = "corner", seed: int = 5) -> MarkedExamples:
    """Cases that are marked to ignore in every field.

    The top left 2 x 2 corner of images, the second word of texts, numbers and categories as they are.
    """
    examples = cases_of(spec, count, seed)
    ignore = {item.name: _mark(item, count) for item in spec.fields}
    return marked(spec, examples, ignore, artefact)


def marked(
    spec: WorkspaceSpec, examples: Examples, ignore: Mapping[str, Tensor], artefact: str | None = "corner"
) -> MarkedExamples:
    """Given cases with given *ignore* marks."""
    look = {name: torch.zeros_like(mask) for name, mask in ignore.items()}
    return MarkedExamples(examples, ignore, look, (artefact,) * len(examples), kinds_of(spec))


def _mark(item: FieldSpec, count: int) -> Tensor:
    if item.kind == "image":
        mask = torch.zeros((count, 1, item.size, item.size), dtype=torch.bool)
        mask[:, :, :2, :2] = True
        return mask
    mask = torch.zeros((count, item.tokens if item.kind == "text" else 1), dtype=torch.bool)
    mask[:, 1 if item.kind == "text" else 0] = True
    return mask


def context_of(spec: WorkspaceSpec, network: TandemNetwork, marks: int = 6, **parts) -> StrategyContext:
    """Forty training cases, twelve validation cases and some marks, where `parts` does not give others."""
    given = {
        "train": cases_of(spec, 40, seed=1),
        "validation": cases_of(spec, 12, seed=2),
        "marked": marked_of(spec, marks),
        **parts,
    }
    given.setdefault("groups", groups_of(spec, given["train"], given["validation"]))
    return StrategyContext(
        spec=spec,
        network=network,
        condense=lambda examples: condense(network, examples, DEVICE),
        device=DEVICE,
        seed=0,
        reporter=Watcher(),
        **given,
    )


def groups_of(spec: WorkspaceSpec, train: Examples, validation: Examples) -> tuple[Membership, ...]:
    """Two groups of every sensitive attribute, `a` and `b` in turn; every seventh case is in none."""
    names = [item.name for item in spec.attributes if item.sensitive]
    return tuple(Membership(name, ("a", "b"), _codes(len(train)), _codes(len(validation))) for name in names)


def _codes(count: int) -> Tensor:
    rows = torch.arange(count)
    return torch.where(rows % 7 == 0, -1, rows % 2)


def fitted_network(network: TandemNetwork, examples: Examples) -> TandemNetwork:
    """Let a network take what it must know of training cases before it trains, as `core.services.training` does."""
    network.fit_inputs(examples.inputs)
    network.fit_standardiser(condense(network, examples, DEVICE).inputs)
    return network
