"""Where fields meet: vectors by field in, one vector out."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from core.contracts import WorkspaceSpec

SMALLEST_SCALE = 1e-6
"""A feature that varies less than this over the training cases is left unscaled."""
TRUNK = (64,)
"""Widths of the trunk for several fields, when the workspace does not say."""


class Standardiser(nn.Module):
    """Subtracts a stored mean and divides by a stored standard deviation, feature by feature."""

    mean: Tensor
    scale: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("scale", torch.ones(dim))

    def fit(self, vectors: Tensor) -> None:
        """Store mean and standard deviation of `vectors` [cases, dim]; rows without a value do not count."""
        known = vectors[~vectors[:, 0].isnan()]
        if not len(known):
            return
        scale = known.std(dim=0, correction=0)
        self.mean.copy_(known.mean(dim=0))
        self.scale.copy_(torch.where(scale > SMALLEST_SCALE, scale, torch.ones_like(scale)))

    def forward(self, vectors: Tensor) -> Tensor:
        """Return standardised vectors, same shape."""
        return (vectors - self.mean) / self.scale


class Fusion(nn.Module):
    """Standardises what comes from frozen encoders, fills in missing fields, concatenates, and applies the trunk.

    A missing optional field is a learned vector. In training, optional fields of a case are hidden at random
    (`fusion.missing`), never all of them, so that the network learns to do without.

    Parameters
    ----------
    spec
        The workspace: which fields are optional, and its `fusion` section.
    dims
        Field -> length of its vectors.
    frozen
        Fields whose encoder never trains.

    Source
    ------
    Neverova et al., ModDrop: Adaptive Multi-Modal Gesture Recognition, TPAMI 2016 (hiding fields in training).
    """

    def __init__(self, spec: WorkspaceSpec, dims: Mapping[str, int], frozen: tuple[str, ...]) -> None:
        super().__init__()
        self.dims, self.hide = dict(dims), spec.fusion.missing
        self.standardisers = nn.ModuleDict({f"field_{name}": Standardiser(dims[name]) for name in frozen})
        self.optional = tuple(field.name for field in spec.fields if not field.required)
        self.missing = nn.ParameterDict(
            {f"field_{name}": nn.Parameter(torch.zeros(dims[name])) for name in self.optional}
        )
        widths = (TRUNK if len(dims) > 1 else ()) if spec.fusion.hidden is None else spec.fusion.hidden
        layers: list[nn.Module] = []
        self.dim = sum(dims.values())
        for width in widths:
            layers += [nn.Linear(self.dim, width), nn.ReLU(), nn.Dropout(spec.fusion.dropout)]
            self.dim = width
        self.trunk = nn.Sequential(*layers)

    def forward(self, vectors: Mapping[str, Tensor]) -> Tensor:
        """Return fused vectors [batch, dim] of vectors by field; not-a-number rows are missing."""
        there = {name: ~vectors[name][:, :1].isnan() for name in self.optional}
        if self.training and self.hide > 0 and len(self.dims) > 1:
            there = self._hidden(there, len(self.dims) > len(self.optional))
        parts = [self._part(name, vectors[name], there.get(name)) for name in self.dims]
        fused: Tensor = self.trunk(torch.cat(parts, dim=1))
        return fused

    def fit(self, vectors: Mapping[str, Tensor]) -> None:
        """Store mean and spread of frozen fields' vectors over the training cases."""
        for name, values in vectors.items():
            standardiser = self.standardisers[f"field_{name}"]
            if isinstance(standardiser, Standardiser):
                standardiser.fit(values)

    def _part(self, name: str, vectors: Tensor, there: Tensor | None) -> Tensor:
        key = f"field_{name}"
        scaled = self.standardisers[key](vectors) if key in self.standardisers else vectors
        return scaled if there is None else torch.where(there, scaled, self.missing[key])

    def _hidden(self, there: Mapping[str, Tensor], others: bool) -> dict[str, Tensor]:
        """Hide optional fields at random; where nothing would be left, the case stays as it was."""
        kept = {
            name: known & (torch.rand(known.shape, device=known.device) >= self.hide) for name, known in there.items()
        }
        if others or not kept:
            return kept
        left = torch.stack(list(kept.values())).any(dim=0)
        return {name: torch.where(left, known, there[name]) for name, known in kept.items()}
