"""Deletion and insertion, worked out by hand on linear models."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from explain.assessment.curves import better, curves
from explain.assessment.intervals import Estimate
from explain.assessment.parts import parts_of
from explain.assessment.removal import Plan, along, area, cuts_of, ranked, reference_of
from explain.base import Attribution
from explain.errors import ExplainError, Stopped
from explain.occlusion import Occlusion
from tests.helpers.subjects import image, numbers, subject, tokens
from tests.helpers.tiny_models import BagModel, LinearModel, every_kind, fusion, mlp

POINT = (torch.tensor([[1.0, 2.0, 3.0]]),)
ZERO = (torch.zeros(1, 3),)
LINEAR = subject(LinearModel(), ("numeric",), 2)


def probability(logit: float) -> float:
    return float(torch.sigmoid(torch.tensor(logit, dtype=torch.float64)))


def test_curves_of_a_linear_model_are_those_worked_out_by_hand() -> None:
    found = curves(LINEAR, POINT, Occlusion().explain(LINEAR, POINT, 0), 0, ZERO)
    deletion, insertion = found.curves
    assert deletion.shares == insertion.shares == (0.0, 1 / 3, 2 / 3, 1.0)
    assert deletion.values == pytest.approx([probability(logit) for logit in (4.5, -4.5, -5.5, 0.5)])
    assert insertion.values == pytest.approx([probability(logit) for logit in (0.5, 9.5, 10.5, 4.5)])
    first, _ = found.comparisons
    heights = pairwise(deletion.values)
    assert first.area == pytest.approx(sum((left + right) / 6 for left, right in heights))


def test_temperature_divides_the_logits() -> None:
    found = curves(LINEAR, POINT, Occlusion().explain(LINEAR, POINT, 0), 0, ZERO, Plan(temperature=2.0))
    assert found.curves[0].values[0] == pytest.approx(probability(2.25))


class BrightCorner(nn.Module):
    """Logit 0 grows with the brightness of the upper left quarter and nothing else."""

    def forward(self, x: Tensor) -> Tensor:
        logit = 8 * x[..., :4, :4].mean(dim=(1, 2, 3)) - 3
        return torch.stack([logit, -logit], dim=1)


def corner_case() -> tuple[Tensor, Tensor]:
    """Return a picture with a bright upper left quarter and a map that is right."""
    picture = 0.1 * image(1, 8)
    picture[..., :4, :4] += 0.8
    heat = torch.zeros(1, 8, 8)
    heat[:, :4, :4] = 1.0
    return picture, heat


def attribution(heat: Tensor) -> Attribution:
    return Attribution((heat,), None, True, None, True, 0.0)


def test_a_right_map_is_better_than_random_and_a_wrong_one_worse() -> None:
    picture, heat = corner_case()
    asked = subject(BrightCorner(), ("image",), 2)
    neutral = (torch.zeros_like(picture),)
    right = curves(asked, (picture,), attribution(heat), 0, neutral)
    wrong = curves(asked, (picture,), attribution(-heat), 0, neutral)
    assert [(one.curve, one.fill) for one in right.comparisons] == [
        ("deletion", "mean"), ("insertion", "mean"), ("deletion", "blur"), ("insertion", "blur"),
    ]  # fmt: skip
    assert all(one.better_than_random for one in right.comparisons)
    assert all(one.better_than_random is False for one in wrong.comparisons)
    assert all(one.edge is not None for one in right.comparisons)


def test_random_orders_read_backwards_are_insertions() -> None:
    picture, heat = corner_case()
    found = curves(subject(BrightCorner(), ("image",), 2), (picture,), attribution(heat), 0, (picture,))
    deletion, insertion = found.curves[:2]
    assert deletion.random_mean == insertion.random_mean[::-1]
    assert deletion.random_low == insertion.random_low[::-1]
    assert found.comparisons[0].random == found.comparisons[1].random


def test_a_model_that_ignores_its_input_makes_no_map_better() -> None:
    class Constant(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.tensor([[0.3, -0.4]]).expand(len(x), 2)

    picture, heat = corner_case()
    found = curves(subject(Constant(), ("image",), 2), (picture,), attribution(heat), 0, (picture,))
    assert all(one.better_than_random is None for one in found.comparisons)


def test_words_are_left_out_and_padding_never_counts() -> None:
    words = tokens(width=2)
    asked = replace(subject(BagModel(), ("text",), 2), words=(torch.tensor([0, 0, 1, 2, 3, -1, -1]),))
    found = curves(asked, (words,), Occlusion().explain(asked, (words,), 0), 0, (torch.zeros_like(words),))
    assert found.curves[0].shares == (0.0, 0.25, 0.5, 0.75, 1.0)
    assert found.curves[0].values[-1] == 0.5
    assert found.curves[0].edge == ()
    values = found.curves[0].values
    assert area(torch.tensor(values), (0, 1, 2, 3, 4)) == pytest.approx(found.comparisons[0].area)


def test_parts_of_all_kinds_are_ranked_together() -> None:
    point = (image(), numbers(1), torch.eye(3)[1:2], tokens())
    asked = subject(every_kind(), ("image", "numeric", "categorical", "text"), 2)
    neutral = tuple(torch.zeros_like(item) for item in point)
    found = curves(asked, point, Occlusion().explain(asked, point, 1), 1, neutral, Plan(steps=8, orders=4))
    with torch.no_grad():
        whole = torch.softmax(asked.module(*point), dim=1)[0, 1]
    assert found.curves[0].values[0] == pytest.approx(float(whole))
    assert found.curves[2].fill == "blur"
    assert found.curves[0].edge == ()


def test_rows_are_counted_and_bounded() -> None:
    rows = []
    module = fusion()
    module.register_forward_hook(lambda _, inputs, __: rows.append(len(inputs[0])))
    asked = subject(module, ("image", "numeric"), 2)
    point = (image(), numbers(3))
    neutral = (torch.zeros(1, 1, 8, 8), torch.zeros(1, 3))
    heat = Attribution((torch.rand(1, 8, 8), torch.rand(3)), None, True, None, True, 0.0)
    found = curves(asked, point, heat, 0, neutral, Plan(max_rows=200))
    assert found.rows <= 200
    assert sum(rows) == found.rows + 2  # the check of each fill answers once


def test_cuts_are_the_same_from_either_end() -> None:
    for count in range(2, 40):
        for steps in range(2, 20):
            cuts = cuts_of(count, steps)
            assert cuts[0] == 0
            assert cuts == tuple(count - cut for cut in reversed(cuts))
            assert len(set(cuts)) == len(cuts)


def test_ties_have_a_fixed_order_that_is_not_the_reading_order() -> None:
    totals = torch.tensor([0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0])
    assert ranked(totals, 0)[0] == 2
    assert ranked(totals, 0).tolist() == ranked(totals, 0).tolist()
    assert ranked(totals, 0)[1:].tolist() != [0, 1, 3, 4, 5, 6]


def test_a_case_of_one_part_has_no_curves() -> None:
    asked = subject(mlp(1, 2), ("numeric",), 2)
    found = curves(asked, (numbers(1),), Attribution((torch.ones(1),), None, True, None, True, 0.0), 0, (numbers(1),))
    assert found.curves == ()
    assert found.comparisons == ()


def test_whether_an_area_is_better_depends_on_the_curve() -> None:
    random = Estimate(0.5, 0.4, 0.6, 10)
    assert better("deletion", 0.3, random) is True
    assert better("deletion", 0.7, random) is False
    assert better("insertion", 0.7, random) is True
    assert better("insertion", 0.55, random) is None


def test_a_stop_is_heard_and_wrong_questions_are_refused() -> None:
    heat = Occlusion().explain(LINEAR, POINT, 0)
    with pytest.raises(Stopped):
        curves(replace(LINEAR, cancelled=lambda: True), POINT, heat, 0, ZERO)
    with pytest.raises(ExplainError, match=r"label must be 0\.\.1, got 5"):
        curves(LINEAR, POINT, heat, 5, ZERO)
    with pytest.raises(ExplainError, match="at least 2 random maps, got 1"):
        curves(LINEAR, POINT, heat, 0, ZERO, Plan(orders=1))


def test_memory_that_runs_out_halves_the_batch() -> None:
    class Small(LinearModel):
        def forward(self, x: Tensor) -> Tensor:
            if len(x) > 2:
                raise torch.OutOfMemoryError("too much")
            return super().forward(x)

    asked = subject(Small(), ("numeric",), 2)
    parts = parts_of(asked, POINT)
    reference = reference_of(asked, POINT, parts, 0, ZERO, "mean", Plan())
    assert reference is not None
    deletion, _ = along(reference, torch.tensor([1.0, -4.0, 9.0]))
    assert deletion.tolist() == pytest.approx([probability(logit) for logit in (4.5, -4.5, -5.5, 0.5)])
