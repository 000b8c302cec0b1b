"""Contextual decomposition penalty: what marked content contributes to the answer vanishes.

A perceptron's activations are split, layer by layer, into what came from marked content and the rest; the contribution
that reaches the logits is penalised. One pass, no second derivative.

Source: Rieger et al., Interpretations are Useful: Penalizing Explanations to Align Neural Networks with Prior
Knowledge, ICML 2020 (CDEP).
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from core.learning.marks import MarkedExamples, tensors
from core.learning.strategies.base import StrategyContext
from core.learning.strategies.entries import Opened, opened, weighted_mean, wrong_region
from core.learning.strategies.fitting import marked_anywhere, needs_trained_marks
from core.learning.strategies.marked_objective import MarkedObjective
from core.learning.strategies.on_marks import GradientStrategy
from core.models.encoders.mlp import MultiLayerPerceptron
from core.models.network import TandemNetwork

WHOLE = ("numeric", "categorical")
"""Kinds whose mark covers all of a field: its vector is relevant as a whole."""
SMALLEST = 1e-8
Split = tuple[Tensor, Tensor]
"""Activations as what came from marked content, and the rest; their sum is the activation."""


def decomposed(layers: Iterable[nn.Module], split: Split) -> Split:
    """Pass a split through flattening, linear layers and ReLU; other layers (dropout) are left out.

    A linear layer's bias is shared in proportion to both parts' sizes. A ReLU gives the marked part the mean of what it
    adds alone and what it adds to the rest (its Shapley value), so that what it switches off counts too.
    """
    for layer in layers:
        if isinstance(layer, nn.Flatten):
            split = (split[0].flatten(1), split[1].flatten(1))
        elif isinstance(layer, nn.Linear):
            split = _linear(layer, split)
        elif isinstance(layer, nn.ReLU):
            split = _rectified(*split)
    return split


def _linear(layer: nn.Linear, split: Split) -> Split:
    marked, rest = (part @ layer.weight.T for part in split)
    share = marked.abs() / (marked.abs() + rest.abs()).clamp(min=SMALLEST)
    return marked + share * layer.bias, rest + (1 - share) * layer.bias


def _rectified(marked: Tensor, rest: Tensor) -> Split:
    both = torch.relu(marked + rest)
    added = (torch.relu(marked) + both - torch.relu(rest)) / 2
    return added, both - added


class DecompositionObjective(MarkedObjective):
    """Ordinary cases that exchange marked content, and the squared contribution of content at wrong places."""

    exchanges = True

    def penalty(self, network: TandemNetwork, marked: MarkedExamples, generator: torch.Generator) -> Tensor:
        """Return the squared contribution to the logits, a mean over annotated cases; 0 or more.

        Contributions that are equal for all classes tell nothing and cost nothing.
        """
        batch = opened(network, tensors(marked.examples, self.context.device))
        places, weights = wrong_region(marked, batch)
        parts = [_field(network, field, batch, places[field]) for field in network.fields]
        joined = tuple(torch.cat(side, dim=1) for side in zip(*parts, strict=True))
        fused = decomposed(network.fusion.trunk, (joined[0], joined[1]))
        rows = torch.zeros(len(marked), device=weights.device)
        for head in network.heads.values():
            contribution = decomposed([head], fused)[0]
            rows = rows + (contribution - contribution.mean(dim=1, keepdim=True)).pow(2).sum(dim=1)
        return weighted_mean(weights * rows, marked)


def _field(network: TandemNetwork, field: str, batch: Opened, place: Tensor) -> Split:
    """Return one field's vectors, split into what came from `place` and the rest; each [rows, dim]."""
    encoder, entry = network.encoder(field), batch.entries[field]
    if isinstance(encoder, MultiLayerPerceptron):
        return decomposed(encoder.layers, (entry.values * place, entry.values * ~place))
    vectors = network.encode_entry(field, entry)
    relevant = place.flatten(1).any(dim=1, keepdim=True) & (network.spec.field(field).kind in WHOLE)
    return vectors * relevant, vectors * ~relevant


class DecompositionStrategy(GradientStrategy):
    """What stands at marked places contributes nothing to the answer, layer by layer."""

    name = "cdep"
    title = "Contribution penalty"
    words = (
        "Retrains on the corrected labels, exchanges marked content between cases, and takes away what it contributes "
        "to the answer, layer by layer (contextual decomposition). For images read by a perceptron, and for tables."
    )
    cost = 2.5
    trains = DecompositionObjective

    def fits(self, context: StrategyContext) -> str | None:
        """Return why it does not fit, if so: it splits perceptrons and tables without optional or frozen fields."""
        reason = needs_trained_marks(context)
        if reason is not None:
            return reason
        network = context.network
        if network.frozen_fields or any(not field.required for field in context.spec.fields):
            return "Contributions can be followed only where every field is required and every encoder learns."
        if any(_splits(network, field) for field in network.fields if marked_anywhere(context, field)):
            return None
        return "Contributions can be followed only in an image read by encoder mlp, a number or a category."


def _splits(network: TandemNetwork, field: str) -> bool:
    """Tell whether a field's vectors can be split."""
    return network.spec.field(field).kind in WHOLE or isinstance(network.encoder(field), MultiLayerPerceptron)
