"""Contrastive questions: why this label rather than that one."""

import math
from dataclasses import replace

import torch
from torch import Tensor, nn

from explain.base import Subject
from explain.errors import ExplainError


class Contrast(nn.Module):
    """A module whose logit of one label is that logit minus another's; the other logits stay.

    It shares the inner module, weights and all, and changes nothing of it.

    Parameters
    ----------
    inner
        The module that answers logits [B, K].
    label, against
        Columns: logit `label` becomes logit `label` - logit `against`.
    """

    def __init__(self, inner: nn.Module, label: int, against: int) -> None:
        super().__init__()
        self.inner = inner
        self.label = label
        self.against = against

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return logits [B, K] with the difference in column `label`."""
        columns = list(self.inner(*inputs).unbind(dim=1))
        columns[self.label] = columns[self.label] - columns[self.against]
        return torch.stack(columns, dim=1)


def contrasted(subject: Subject, label: int, against: int, output_sd: float | None = None) -> Subject:
    """Return the subject to ask *why `label` rather than `against`*: explain `label` of it, with any method.

    Parameters
    ----------
    subject
        The model.
    label, against
        Indices of two classes.
    output_sd
        Standard deviation of the difference of both logits over calibration cases; when left out, that of two
        independent logits, sqrt(sd_label^2 + sd_against^2).

    Raises
    ------
    ExplainError
        When both labels are the same or the model has no such label.

    References
    ----------
    Prabhushankar et al.: Contrastive Explanations in Neural Networks, 2020 (the question).
    """
    classes = len(subject.output_sd)
    for given in (label, against):
        if not 0 <= given < classes:
            raise ExplainError(f"label must be 0..{classes - 1}, got {given}. Give the index of a class.")
    if label == against:
        raise ExplainError(f"a contrast needs two different labels, got {label} twice. Give another to set against.")
    spreads = list(subject.output_sd)
    spreads[label] = math.hypot(spreads[label], spreads[against]) if output_sd is None else output_sd
    return replace(subject, module=Contrast(subject.module, label, against), output_sd=tuple(spreads))
