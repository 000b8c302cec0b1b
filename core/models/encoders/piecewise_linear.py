"""Numbers: where a value lies among the training cases, bin by bin, then a linear layer."""

import torch
from torch import Tensor, nn

from core.contracts import EncoderSpec, FieldSpec
from core.models.encoders.base import Encoder, Entry

BINS = 16
DIM = 16
SMALLEST_SCALE = 1e-6


class PiecewiseLinear(Encoder):
    """The piecewise linear encoding of a number, with bins that hold equally many training cases, then a linear layer.

    Component t is 0 below bin t, 1 above it, and rises linearly inside; the standardised
    number is added as a last component. So a
    network of a few layers follows thresholds as a tree does and stays differentiable.

    Source
    ------
    Gorishniy, Rubachev and Babenko, On Embeddings for Numerical Features in Tabular Deep Learning, NeurIPS 2022.
    """

    starts: Tensor
    widths: Tensor
    mean: Tensor
    scale: Tensor
    dim = DIM

    def __init__(self, spec: EncoderSpec, field: FieldSpec) -> None:
        super().__init__(field)
        self.register_buffer("starts", torch.zeros(BINS))
        self.register_buffer("widths", torch.full((BINS,), torch.inf))
        self.register_buffer("mean", torch.zeros(1))
        self.register_buffer("scale", torch.ones(1))
        self.layer = nn.Linear(BINS + 1, DIM)

    def enter(self, prepared: Tensor) -> Entry:
        """Return the numbers [batch, 1], 0 where one is missing."""
        return Entry(prepared.nan_to_num(0.0), ~prepared[:, 0].isnan())

    def fit(self, prepared: Tensor) -> None:
        """Take bins, mean and standard deviation of the training cases that have a number."""
        known = prepared[~prepared[:, 0].isnan(), 0]
        if not len(known):
            return
        places = torch.linspace(0, 1, BINS + 1, dtype=torch.float64, device=known.device)
        edges = torch.unique(torch.quantile(known.double(), places)).float()
        count = max(0, len(edges) - 1)
        scale = known.std(correction=0)
        with torch.no_grad():
            self.starts[:count], self.widths[:count] = edges[:-1], edges[1:] - edges[:-1]
            self.widths[count:] = torch.inf
            self.mean.copy_(known.mean())
            self.scale.copy_(scale if scale > SMALLEST_SCALE else torch.ones_like(scale))

    def neutral(self, values: Tensor) -> Tensor:
        """Return the mean of the training cases."""
        return self.mean.expand_as(values).clone()

    def spread(self) -> float:
        """Return the standard deviation over the training cases."""
        return float(self.scale)

    def forward(self, values: Tensor, present: Tensor | None = None) -> Tensor:
        """Return [batch, 16] of numbers [batch, 1]."""
        inside = ((values - self.starts) / self.widths).clamp(0.0, 1.0)  # [B, bins]; 0 for bins that do not exist
        plain = (values - self.mean) / self.scale
        encoded: Tensor = self.layer(torch.cat([inside, plain], dim=1))
        return encoded
