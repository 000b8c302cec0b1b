"""Running sums and standard errors of what is drawn."""

import pytest
import torch

from explain.sampling import SumOfDraws, standard_error


def test_draws_are_summed_in_batches_of_any_size() -> None:
    inputs = (torch.zeros(1, 2), torch.zeros(1, 3, 1))
    draws = torch.arange(10.0).view(5, 2), torch.arange(15.0).view(5, 3, 1)
    together, apart = SumOfDraws(inputs), SumOfDraws(inputs)
    together.add(draws)
    for first, last in ((0, 2), (2, 5)):
        apart.add(tuple(part[first:last] for part in draws))
    assert together.means()[0].tolist() == apart.means()[0].tolist() == [4.0, 5.0]
    assert together.means()[1].flatten().tolist() == [6.0, 7.0, 8.0]
    assert together.totals == apart.totals == [[1.0, 5.0, 9.0, 13.0, 17.0], [3.0, 12.0, 21.0, 30.0, 39.0]]


@pytest.mark.parametrize(("values", "error"), [([], 0.0), ([4.0], 0.0), ([1.0, 3.0], 1.0), ([2.0, 2.0, 2.0], 0.0)])
def test_the_standard_error_of_a_mean(values: list[float], error: float) -> None:
    assert standard_error(values) == pytest.approx(error)
