"""Weights that make label and group independent in the training cases."""

import torch
from torch import Tensor


def reweighing_weights(labels: Tensor, codes: Tensor, groups: int, classes: int) -> Tensor:
    """Return the weight of each case [cases]: expected over observed share of its label and group, mean 1.

    Formula: n(group) x n(label) / (n x n(group and label)), over cases whose label and group are known; 1 elsewhere.

    Source
    ------
    Kamiran and Calders, Data Preprocessing Techniques for Classification without Discrimination, 2012.

    Examples
    --------
    >>> reweighing_weights(torch.tensor([1, 1, 0, 1]), torch.tensor([0, 0, 0, 1]), 2, 2)
    tensor([1.1250, 1.1250, 0.7500, 0.7500])
    """
    known = (labels >= 0) & (codes >= 0)
    weights = torch.ones(len(labels))
    pairs = codes[known] * classes + labels[known]
    counts = torch.bincount(pairs, minlength=groups * classes).reshape(groups, classes).float()
    expected = counts.sum(dim=1, keepdim=True) * counts.sum(dim=0, keepdim=True) / counts.sum().clamp(min=1)
    weights[known] = (expected / counts.clamp(min=1)).flatten()[pairs]
    return weights
