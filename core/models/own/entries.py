"""What each kind of field looks like to a model of one's own, and to those who explain it."""

import math

import torch
from torch import Tensor

from core.contracts import FieldSpec
from core.models.encoders.base import Encoder, Entry, ImageEncoder
from core.models.preparers import preparer
from core.models.preparers.categorical import MISSING
from core.models.tokenisers import FIRST_PIECE

SMALLEST_SCALE = 1e-6
DIGIT_BITS = 21
DIGITS = 3
"""A token's number has 63 bits; single precision holds 24 exactly, so its entry is three digits of 21 bits."""


class OwnField(Encoder):
    """The way in of one field; the body of the model reads all fields at once, so it has no vectors of its own."""

    frozen = True
    dim = 0

    def to_module(self, entry: Entry) -> Tensor:
        """Return what the module is given for an entry."""
        return entry.values


class OwnImage(OwnField, ImageEncoder):
    """Images: floats from 0 to 1."""


class OwnNumber(OwnField):
    """Numbers in the field's unit; the module is given not-a-number for a missing one."""

    mean: Tensor
    scale: Tensor

    def __init__(self, field: FieldSpec) -> None:
        super().__init__(field)
        self.register_buffer("mean", torch.zeros(1))
        self.register_buffer("scale", torch.ones(1))

    def enter(self, prepared: Tensor) -> Entry:
        """Return the numbers [batch, 1], 0 where one is missing."""
        return Entry(prepared.nan_to_num(0.0), ~prepared[:, 0].isnan())

    def to_module(self, entry: Entry) -> Tensor:
        """Return the numbers, not-a-number where one is missing."""
        return torch.where(entry.rows[:, None], entry.values, torch.nan)

    def fit(self, prepared: Tensor) -> None:
        """Take mean and standard deviation of the training cases that have a number."""
        known = prepared[~prepared[:, 0].isnan(), 0]
        if len(known):
            scale = known.std(correction=0)
            self.mean.copy_(known.mean())
            self.scale.copy_(scale if scale > SMALLEST_SCALE else torch.ones_like(scale))

    def neutral(self, values: Tensor) -> Tensor:
        """Return the mean of the training cases."""
        return self.mean.expand_as(values).clone()

    def spread(self) -> float:
        """Return the standard deviation over the training cases."""
        return float(self.scale)


class OwnCategory(OwnField):
    """Categories, one-hot."""

    shares: Tensor

    def __init__(self, field: FieldSpec) -> None:
        super().__init__(field)
        self.register_buffer("shares", torch.zeros(len(field.categories)))

    def enter(self, prepared: Tensor) -> Entry:
        """Return one-hot rows [batch, K], zeros where the category is missing."""
        places = torch.arange(len(self.shares), device=prepared.device)
        return Entry((prepared == places).float(), prepared[:, 0] != MISSING)

    def to_module(self, entry: Entry) -> Tensor:
        """Return the rows, zeros where the category is missing whatever an explanation puts there."""
        return torch.where(entry.rows[:, None], entry.values, 0.0)

    def fit(self, prepared: Tensor) -> None:
        """Take each category's share of the training cases."""
        rows = self.enter(prepared)
        known = rows.values[rows.present]
        if len(known):
            self.shares.copy_(known.mean(dim=0))

    def neutral(self, values: Tensor) -> Tensor:
        """Return each category's share of the training cases: the average case."""
        return self.shares.expand_as(values).clone()


class OwnText(OwnField):
    """Texts: the numbers of tokens. They have no gradient, so only methods that need none explain the model."""

    def enter(self, prepared: Tensor) -> Entry:
        """Return each token's number as three digits, [batch, tokens, 3], the highest first."""
        shifts = DIGIT_BITS * torch.arange(DIGITS - 1, -1, -1, device=prepared.device)
        digits = (prepared.unsqueeze(2) >> shifts) & ((1 << DIGIT_BITS) - 1)
        return Entry(digits.float(), prepared != 0)

    def to_module(self, entry: Entry) -> Tensor:
        """Return the tokens' numbers, int64 [batch, tokens]."""
        shifts = DIGIT_BITS * torch.arange(DIGITS - 1, -1, -1, device=entry.values.device)
        numbers = (entry.values.detach().round().long() << shifts).sum(dim=2)
        return (numbers - FIRST_PIECE).clamp(min=0) if self.field.tokeniser == "wordpiece" else numbers


def own_field(field: FieldSpec) -> OwnField:
    """Return the way in for the kind of `field`."""
    kinds: dict[str, type[OwnField]] = {
        "image": OwnImage,
        "numeric": OwnNumber,
        "categorical": OwnCategory,
        "text": OwnText,
    }
    return kinds[field.kind](field)


def probe_of(field: FieldSpec) -> Tensor:
    """Return a made-up prepared input [1, ...]: a ramp of brightness, a number in range, a category, or 8 tokens."""
    shape = preparer(field).shape(field)
    if field.kind == "image":
        return (torch.arange(math.prod(shape)) % 251).to(torch.uint8).view(1, *shape)
    if field.kind == "numeric":
        known = [value for value in (field.minimum, field.maximum) if value is not None]
        return torch.full((1, 1), sum(known) / len(known) if known else 1.0)
    if field.kind == "categorical":
        return torch.zeros((1, 1), dtype=torch.int64)
    tokens = torch.arange(1, field.tokens + 1)
    return torch.where(tokens <= 8, tokens, 0)[None]
