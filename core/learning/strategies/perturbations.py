"""Other values that may stand at a marked place, for each kind of field: drawn at random, or kept plausible."""

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor

from core.contracts import FieldKind
from core.models.encoders.base import Encoder, Entry

DEVIATIONS = 3.0
"""Numbers stay within so many standard deviations of the mean."""


class Perturbation(Protocol):
    """Values of an entry [rows, ...] of one kind of field."""

    def draw(self, entry: Entry, encoder: Encoder, generator: torch.Generator) -> Tensor:
        """Return plausible other values for every place."""

    def plausible(self, values: Tensor, entry: Entry, encoder: Encoder) -> Tensor:
        """Return the plausible values next to `values`."""

    def step(self, entry: Entry, encoder: Encoder) -> float:
        """Return the length of one step toward the worst values, along the gradient's sign."""


class Pixels:
    """Pixels from 0 to 1: one shade, or noise, a coin for each case."""

    def draw(self, entry: Entry, encoder: Encoder, generator: torch.Generator) -> Tensor:
        """Return one shade in half of the cases and independent pixels in the others."""
        own = entry.values
        shade = torch.rand((len(own), own.shape[1], 1, 1), generator=generator).expand(own.shape)
        noise = torch.rand(own.shape, generator=generator)
        flat = torch.rand((len(own), 1, 1, 1), generator=generator) < 0.5
        return torch.where(flat, shade, noise).to(own.device)

    def plausible(self, values: Tensor, entry: Entry, encoder: Encoder) -> Tensor:
        """Clip to 0..1."""
        return values.clamp(0.0, 1.0)

    def step(self, entry: Entry, encoder: Encoder) -> float:
        """Return a quarter of the range."""
        return 0.25


class Numbers:
    """Numbers as they are spread over the training cases."""

    def draw(self, entry: Entry, encoder: Encoder, generator: torch.Generator) -> Tensor:
        """Return normal numbers with mean and deviation of the training cases."""
        own = entry.values
        return encoder.neutral(own) + encoder.spread() * torch.randn(own.shape, generator=generator).to(own.device)

    def plausible(self, values: Tensor, entry: Entry, encoder: Encoder) -> Tensor:
        """Keep numbers within three deviations of the mean."""
        middle, reach = encoder.neutral(values), DEVIATIONS * encoder.spread()
        return torch.minimum(torch.maximum(values, middle - reach), middle + reach)

    def step(self, entry: Entry, encoder: Encoder) -> float:
        """Return half a deviation."""
        return 0.5 * encoder.spread()


class Categories:
    """One-hot rows: another category, or a mixture."""

    def draw(self, entry: Entry, encoder: Encoder, generator: torch.Generator) -> Tensor:
        """Return a category drawn at random for each case."""
        count, width = entry.values.shape
        drawn = torch.randint(width, (count,), generator=generator)
        return torch.nn.functional.one_hot(drawn, width).to(entry.values)

    def plausible(self, values: Tensor, entry: Entry, encoder: Encoder) -> Tensor:
        """Return shares that are not negative and sum to 1."""
        shares = values.clamp(min=0.0)
        return shares / shares.sum(dim=1, keepdim=True).clamp(min=1e-6)

    def step(self, entry: Entry, encoder: Encoder) -> float:
        """Return half of a category."""
        return 0.5


class Words:
    """Word vectors: those of other words of the batch, or vectors no longer than the longest of them."""

    def draw(self, entry: Entry, encoder: Encoder, generator: torch.Generator) -> Tensor:
        """Return the vector of a word of the batch, drawn at random, at each place."""
        own = entry.values
        known = own[entry.present]
        if not len(known):
            return own
        return known[torch.randint(len(known), own.shape[:2], generator=generator).to(own.device)]

    def plausible(self, values: Tensor, entry: Entry, encoder: Encoder) -> Tensor:
        """Shorten vectors that are longer than the longest word's."""
        longest = entry.values.detach().norm(dim=2).max().clamp(min=1e-6)
        shorter: Tensor = values * (longest / values.norm(dim=2, keepdim=True).clamp(min=1e-6)).clamp(max=1.0)
        return shorter

    def step(self, entry: Entry, encoder: Encoder) -> float:
        """Return half of the words' spread."""
        return 0.5 * encoder.spread()


PERTURBATIONS: Mapping[FieldKind, Perturbation] = {
    "image": Pixels(),
    "numeric": Numbers(),
    "categorical": Categories(),
    "text": Words(),
}
