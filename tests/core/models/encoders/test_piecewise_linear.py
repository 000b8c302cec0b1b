"""Numbers bin by bin, by hand."""

import pytest
import torch

from core.contracts import EncoderSpec, FieldSpec
from core.models.encoders.piecewise_linear import BINS, PiecewiseLinear


def encoder(numbers):
    made = PiecewiseLinear(EncoderSpec(name="piecewise_linear"), FieldSpec(name="age", kind="numeric"))
    made.fit(torch.tensor(numbers)[:, None])
    return made


def components(made, number):
    """What goes into the linear layer."""
    seen = []
    handle = made.layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    made(torch.tensor([[number]]))
    handle.remove()
    return seen[0][0].tolist()


def test_bins_hold_equally_many_cases():
    made = encoder([float(number) for number in range(17)])  # sixteen bins, one unit each
    assert made.starts.tolist() == list(range(16))
    assert made.widths.tolist() == [1.0] * BINS


def test_components_rise_inside_their_bin_and_stay_at_its_ends():
    made = encoder([float(number) for number in range(17)])
    assert components(made, 2.25)[:BINS] == [1.0, 1.0, 0.25] + [0.0] * 13
    assert components(made, -5.0)[:BINS] == [0.0] * BINS
    assert components(made, 99.0)[:BINS] == [1.0] * BINS
    deviation = torch.arange(17.0).std(correction=0)
    assert components(made, 2.25)[BINS] == pytest.approx(float((2.25 - 8.0) / deviation))


def test_equal_edges_are_one_and_bins_that_do_not_exist_are_silent():
    made = encoder([0.0] * 50 + [1.0] * 50)
    assert int(torch.isfinite(made.widths).sum()) <= 2
    assert components(made, 0.5)[2:BINS] == [0.0] * 14


def test_a_number_that_never_varies_has_no_bin_and_stays_finite():
    made = encoder([7.0] * 20)
    assert components(made, 7.0) == [0.0] * (BINS + 1)
    assert components(made, 9.0)[BINS] == 2.0


def test_missing_numbers_do_not_count():
    made = encoder([1.0, float("nan"), 3.0])
    assert float(made.mean) == 2.0
    assert float(made.scale) == 1.0
    assert made.neutral(torch.tensor([[5.0], [6.0]])).tolist() == [[2.0], [2.0]]
    assert made.spread() == 1.0


def test_a_refit_forgets_the_bins_before():
    made, fresh = encoder([float(number) for number in range(17)]), encoder([0.0, 1.0, 1.0])
    made.fit(torch.tensor([[0.0], [1.0], [1.0]]))
    assert torch.equal(made.widths, fresh.widths)
    assert components(made, 0.5) == components(fresh, 0.5)
