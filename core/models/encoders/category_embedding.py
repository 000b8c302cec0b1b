"""Categories: a vector for each."""

import torch
from torch import Tensor, nn

from core.contracts import EncoderSpec, FieldSpec
from core.models.encoders.base import Encoder, Entry
from core.models.preparers.categorical import MISSING

DIM = 16


class CategoryEmbedding(Encoder):
    """One learned vector for each category, as a linear layer on the one-hot entry, so that gradients reach it."""

    shares: Tensor
    dim = DIM

    def __init__(self, spec: EncoderSpec, field: FieldSpec) -> None:
        super().__init__(field)
        self.register_buffer("shares", torch.zeros(len(field.categories)))
        self.table = nn.Linear(len(field.categories), DIM, bias=False)

    def enter(self, prepared: Tensor) -> Entry:
        """Return one-hot rows [batch, K], zeros where the category is missing."""
        places = torch.arange(len(self.shares), device=prepared.device)
        return Entry((prepared == places).float(), prepared[:, 0] != MISSING)

    def fit(self, prepared: Tensor) -> None:
        """Take each category's share of the training cases."""
        rows = self.enter(prepared)
        known = rows.values[rows.present]
        if len(known):
            self.shares.copy_(known.mean(dim=0))

    def neutral(self, values: Tensor) -> Tensor:
        """Return each category's share of the training cases: the average case."""
        return self.shares.expand_as(values).clone()

    def forward(self, values: Tensor, present: Tensor | None = None) -> Tensor:
        """Return [batch, 16] of one-hot rows [batch, K]."""
        encoded: Tensor = self.table(values)
        return encoded
