"""Drawing the fields of one case together, by hand."""

import math

import pytest
import torch

from core.models.alignment import DIM, TEMPERATURE, Alignment
from core.models.network import build_network
from core.models.supervised import SupervisedObjective
from tests.helpers.model_parts import AGE, COLOUR, cases_of, spec_of

NAN = float("nan")


@pytest.fixture(autouse=True)
def no_graph():
    """Values alone; what needs a gradient asks for it."""
    with torch.no_grad():
        yield


def plain(**dims):
    """An alignment whose shared space is the vectors themselves, followed by zeros."""
    made = Alignment(dims)
    with torch.no_grad():
        for layer in made.shared.values():
            layer.weight.copy_(torch.eye(DIM)[:, : layer.in_features])
            layer.bias.zero_()
    return made


def test_two_cases_by_hand():
    """Similarities [[1, 0], [.6, .8]], over the temperature .1."""
    vectors = {"a": torch.tensor([[1.0, 0.0], [0.6, 0.8]]), "b": torch.tensor([[1.0, 0.0], [0.0, 2.0]])}
    rows = math.log(1 + math.exp(-10)), math.log(1 + math.exp(-2))
    columns = math.log(1 + math.exp(-4)), math.log(1 + math.exp(-8))
    assert TEMPERATURE == 0.1
    assert float(plain(a=2, b=2)(vectors)) == pytest.approx((sum(rows) + sum(columns)) / 4, rel=1e-5)


def test_fields_that_say_nothing_cost_the_logarithm_of_the_number_of_cases():
    same = torch.tensor([[1.0, 0.0]]).repeat(8, 1)
    assert float(plain(a=2, b=2)({"a": same, "b": same})) == pytest.approx(math.log(8), rel=1e-5)


def test_cases_that_lack_a_field_do_not_count():
    vectors = {"a": torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.3, 0.3]]), "b": torch.tensor([[1.0, 0.0], [0.0, 2.0]])}
    vectors["b"] = torch.cat([vectors["b"], torch.tensor([[NAN, NAN]])])
    two = {name: value[:2] for name, value in vectors.items()}
    assert float(plain(a=2, b=2)(vectors)) == pytest.approx(float(plain(a=2, b=2)(two)))


def test_one_case_has_nothing_to_be_told_from():
    vectors = {name: torch.tensor([[1.0, 0.0]]) for name in "ab"}
    with torch.enable_grad():
        loss = plain(a=2, b=2)(vectors)
        loss.backward()
    assert loss.item() == 0.0


def test_three_fields_are_the_mean_of_their_pairs():
    generator = torch.Generator().manual_seed(0)
    vectors = {name: torch.randn(5, 2, generator=generator) for name in "abc"}
    pairs = [("a", "b"), ("a", "c"), ("b", "c")]
    each = [float(plain(**dict.fromkeys(pair, 2))({name: vectors[name] for name in pair})) for pair in pairs]
    assert float(plain(a=2, b=2, c=2)(vectors)) == pytest.approx(sum(each) / 3, rel=1e-5)


def test_the_workspace_says_how_much_it_weighs_in_the_loss():
    spec = spec_of(fields=[AGE, COLOUR], encoder=None, fusion={"alignment": 0.5, "missing": 0.0})
    network, cases = build_network(spec, 0), cases_of(spec, 8)
    objective = SupervisedObjective(cases, cases, spec)
    with torch.no_grad():
        found = objective.losses(network, cases.inputs, cases.labels)
        term = network.alignment(network.encode(cases.inputs))
    assert float(term) > 0
    assert float(found.loss - found.entropy) == pytest.approx(0.5 * float(term), rel=1e-4)


def test_one_field_has_nothing_to_be_aligned_with():
    assert build_network(spec_of(fields=[AGE], encoder=None, fusion={"alignment": 1.0}), 0).alignment is None
