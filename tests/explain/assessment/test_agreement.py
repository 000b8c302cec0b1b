"""How alike two maps are, against SciPy and by hand."""

import pytest
import torch
from scipy.stats import spearmanr

from explain.assessment.agreement import agreement, dependence, hottest_overlap, spearman
from explain.assessment.edges import edge_map, edge_totals
from explain.assessment.parts import parts_of
from explain.base import Attribution
from tests.helpers.subjects import image, numbers, subject
from tests.helpers.tiny_models import relu_mlp

SUBJECT = subject(relu_mlp(), ("image",), 3)
PARTS = parts_of(SUBJECT, (image(),))


def attribution(values: torch.Tensor, *, signed: bool = True) -> Attribution:
    return Attribution((values,), None, True, None, signed, 0.0)


@pytest.mark.parametrize("seed", range(5))
def test_rank_correlation_is_scipys_with_ties_too(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    one, other = torch.randint(0, 6, (2, 40), generator=generator).double()
    assert spearman(one, other) == pytest.approx(spearmanr(one, other).statistic, abs=1e-12)


def test_no_order_no_correlation() -> None:
    assert spearman(torch.ones(9), torch.arange(9.0)) is None
    assert spearman(torch.arange(2.0), torch.arange(2.0)) is None


def test_overlap_of_the_hottest_tenth() -> None:
    one = torch.arange(20.0)
    assert hottest_overlap(one, one) == 1.0
    assert hottest_overlap(one, -one) == 1.0
    assert hottest_overlap(one, one.flip(0)) == 0.0
    assert hottest_overlap(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 3.0])) == 1.0


def test_maps_without_direction_are_compared_by_size() -> None:
    heat = torch.randn(1, 8, 8, generator=torch.Generator().manual_seed(0))
    assert dependence(PARTS, attribution(heat), attribution(-heat)) == -1.0
    assert dependence(PARTS, attribution(heat), attribution(heat.abs(), signed=False)) == 1.0
    alike = agreement(PARTS, attribution(heat), attribution(heat.abs(), signed=False))
    assert alike is not None
    assert (alike.correlation, alike.overlap) == (1.0, 1.0)


def test_a_flat_map_shares_no_order_with_another() -> None:
    heat, flat = attribution(torch.rand(1, 8, 8)), attribution(torch.zeros(1, 8, 8))
    assert dependence(PARTS, heat, flat) == 0.0
    assert agreement(PARTS, flat, flat) is None


def test_edges_are_where_the_picture_changes() -> None:
    half = torch.zeros(3, 6, 6)
    half[:, :, 3:] = 0.8
    edges = edge_map(half)
    assert edges[:, 2:4].flatten().tolist() == pytest.approx([0.4] * 12)
    assert not edges[:, :2].any()
    assert not edges[:, 4:].any()
    assert torch.equal(edge_map(half.transpose(1, 2)), edges.T)


def test_only_pictures_have_edges() -> None:
    totals = edge_totals(PARTS, (image(),))
    assert totals is not None
    assert len(totals) == PARTS.count
    assert edge_totals(PARTS, (image(), numbers(1))) is None
