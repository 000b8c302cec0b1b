"""Marked examples and strategy contexts on tiny networks."""

import torch

from core.contracts import WorkspaceSpec
from core.learning.marks import MarkedExamples
from core.learning.strategies.base import StrategyContext
from core.models.embedding import embed_inputs
from core.models.network import TandemNetwork
from tests.helpers.model_parts import Watcher, cases_of

DEVICE = torch.device("cpu")


def marked_of(spec: WorkspaceSpec, count: int, artefact: str | None = "corner", seed: int = 5) -> MarkedExamples:
    """Cases whose top left 2 x 2 corner is marked to ignore."""
    examples = cases_of(spec, count, seed)
    size = spec.fields[0].size
    ignore = torch.zeros((count, 1, size, size), dtype=torch.bool)
    ignore[:, :, :2, :2] = True
    name = spec.fields[0].name
    return MarkedExamples(examples, {name: ignore}, {name: torch.zeros_like(ignore)}, (artefact,) * count)


def context_of(spec: WorkspaceSpec, network: TandemNetwork, marks: int = 6) -> StrategyContext:
    """Forty training cases, twelve validation cases and some marks."""
    return StrategyContext(
        spec=spec,
        network=network,
        train=cases_of(spec, 40, seed=1),
        validation=cases_of(spec, 12, seed=2),
        marked=marked_of(spec, marks),
        embed_examples=lambda examples: embed_inputs(network, examples.inputs, DEVICE),
        device=DEVICE,
        seed=0,
        reporter=Watcher(),
    )
