"""An optional term of the training loss that draws the fields of one case together."""

from collections.abc import Mapping
from itertools import combinations

import torch
from torch import Tensor, nn
from torch.nn import functional

DIM = 32
TEMPERATURE = 0.1


class Alignment(nn.Module):
    """Symmetric contrastive loss between each two fields: a case's fields must be nearer than those of other cases.

    Mean over pairs of fields of the cross entropy of cosine similarities / 0.1 in a shared space of 32 dimensions, in
    both directions; 0 at best, log(cases) by chance. Cases that lack one of the two fields do not count.

    Source
    ------
    Radford et al., Learning Transferable Visual Models From Natural Language Supervision, ICML 2021.
    """

    def __init__(self, dims: Mapping[str, int]) -> None:
        super().__init__()
        self.shared = nn.ModuleDict({f"field_{name}": nn.Linear(dim, DIM) for name, dim in dims.items()})
        self.fields = tuple(dims)

    def forward(self, vectors: Mapping[str, Tensor]) -> Tensor:
        """Return the loss of vectors [batch, its dim] by field, a scalar."""
        losses = [self._pair(vectors, first, second) for first, second in combinations(self.fields, 2)]
        return torch.stack(losses).mean()

    def _pair(self, vectors: Mapping[str, Tensor], first: str, second: str) -> Tensor:
        both = ~(vectors[first][:, 0].isnan() | vectors[second][:, 0].isnan())
        left, right = (
            functional.normalize(self.shared[f"field_{name}"](vectors[name][both]), dim=1) for name in (first, second)
        )
        if len(left) < 2:
            return left.sum() * 0.0
        similar = left @ right.T / TEMPERATURE  # [cases, cases]
        truth = torch.arange(len(similar), device=similar.device)
        return (functional.cross_entropy(similar, truth) + functional.cross_entropy(similar.T, truth)) / 2
