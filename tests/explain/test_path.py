"""The path in trapezoids, worked out by hand."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from explain.path import Path, nodes_at, path_through
from explain.refinement import FIRST_PLACES, is_sound, refined_path
from explain.validation import Case, checked_case
from tests.helpers.subjects import subject


class Squares(nn.Module):
    """Logit 0 is x0^2 + 2 x1: from zero to (1, 1) its gradient at t is (2 t, 2)."""

    def forward(self, x: Tensor) -> Tensor:
        logit = x[:, 0] ** 2 + 2 * x[:, 1]
        return torch.stack([logit, -logit], dim=1)


def case_of(module: nn.Module, sd: float = 1.0) -> Case:
    return checked_case(subject(module, ("numeric",), 2, sd), (torch.ones(1, 2),), 0, None)


def path_at(*places: float) -> Path:
    return path_through(nodes_at(case_of(Squares()), places))


def test_a_node_holds_logit_and_slopes() -> None:
    (node,) = nodes_at(case_of(Squares()), [0.5])
    assert node.logit == pytest.approx(1.25)
    assert node.parts[0].tolist() == pytest.approx([1.0, 2.0])
    assert node.total == pytest.approx(3.0)


def test_an_interval_knows_its_error_and_bend() -> None:
    first, second = path_at(0, 0.5, 1).intervals
    assert (first.length, first.change) == pytest.approx((0.5, 1.25))
    assert first.error == pytest.approx(0.0)  # a trapezoid is exact for a straight gradient
    assert second.bend == pytest.approx(0.25)  # slopes (1, 2) and (2, 2), times half of 0.5


def test_the_path_adds_up() -> None:
    path = path_at(0, 0.5, 1)
    assert path.attributions[0].tolist() == pytest.approx([1.0, 2.0])
    assert path.change == pytest.approx(3.0)
    assert path.error == pytest.approx(0.0)
    assert path.size == pytest.approx(math.sqrt(5))
    assert path.map_error == pytest.approx(math.sqrt(2) * 0.25 / math.sqrt(5))


def test_refining_keeps_order_and_what_was_known() -> None:
    coarse = path_at(0, 0.5, 1)
    fine = coarse.refined(nodes_at(case_of(Squares()), [0.75, 0.25]))
    assert [node.place for node in fine.nodes] == [0, 0.25, 0.5, 0.75, 1]
    assert fine.nodes[2] is coarse.nodes[1]
    assert fine.map_error == pytest.approx(coarse.map_error * math.sqrt(4 / 16) / math.sqrt(2))


class Jumps(nn.Module):
    """x0 + x1 with a step up of 1 at x0 = 0.2 and a step down of 1 at x1 = 0.8, which no gradient shows."""

    def forward(self, x: Tensor) -> Tensor:
        logit = x.sum(dim=1) + (x[:, 0] > 0.2).float() - (x[:, 1] > 0.8).float()
        return torch.stack([logit, -logit], dim=1)


def test_errors_that_cancel_in_the_sum_do_not_cancel_unsigned() -> None:
    path = path_through(nodes_at(case_of(Jumps()), [0, 0.5, 1]))
    assert path.error == pytest.approx(0.0, abs=1e-6)
    assert path.unsigned_error == pytest.approx(2 / 2)  # 1 + 1 of a way of 2 + 0
    assert path.map_error == 0.0
    assert not is_sound(path, 0.05)


def test_a_straight_path_needs_the_first_places_only() -> None:
    assert len(refined_path(case_of(Squares()), 0.05, 512).nodes) == len(FIRST_PLACES) == 16


def test_a_smaller_tolerance_is_one_of_the_map_too() -> None:
    loose, tight = (refined_path(case_of(Squares()), tolerance, 512) for tolerance in (0.05, 0.002))
    assert loose.map_error > 0.002 / 0.05 * 0.12 >= tight.map_error


def test_the_same_places_come_in_any_batch() -> None:
    whole = case_of(Squares())
    single = replace(whole, rows=1)
    assert [node.place for node in refined_path(whole, 0.002, 512).nodes] == [
        node.place for node in refined_path(single, 0.002, 512).nodes
    ]
