"""Where fields meet: standardised, filled in, hidden in training."""

import pytest
import torch

from core.models.fusion import Fusion, Standardiser
from core.models.network import build_network
from core.models.randomness import seeded
from tests.helpers.model_parts import AGE, COLOUR, IMAGE, NOTE, RANDOM_BACKBONE, SMALL_TRANSFORMER, cases_of, spec_of

CPU, NAN = torch.device("cpu"), float("nan")
TWO = [{**AGE, "required": False}, {**COLOUR, "required": False}]
PLAIN = {"hidden": [], "missing": 0.5}


def fusion(fields, frozen=(), **section):
    spec = spec_of(fields=fields, encoder=None, fusion={**PLAIN, **section})
    return Fusion(spec, {field["name"]: 2 for field in fields}, frozen)


def ones(count):
    return {"age": torch.ones(count, 2), "colour": torch.full((count, 2), 2.0)}


def test_standardising_by_hand():
    made = Standardiser(3)
    made.fit(torch.tensor([[0.0, 5.0, 1.0], [4.0, 5.0, 3.0], [NAN, NAN, NAN]]))
    assert made.mean.tolist() == [2.0, 5.0, 2.0]
    assert made.scale.tolist() == [2.0, 1.0, 1.0]  # what never varies is left unscaled
    assert made(torch.tensor([[6.0, 7.0, 2.0]])).tolist() == [[2.0, 2.0, 0.0]]


def test_standardising_nothing_changes_nothing():
    made = Standardiser(1)
    made.fit(torch.tensor([[NAN], [NAN]]))
    assert made(torch.tensor([[3.0]])).tolist() == [[3.0]]


def test_only_frozen_fields_are_standardised():
    made = fusion([AGE, COLOUR], frozen=("age",)).eval()
    made.fit({"age": torch.tensor([[0.0, 0.0], [2.0, 4.0]])})
    fused = made({"age": torch.tensor([[3.0, 6.0]]), "colour": torch.tensor([[9.0, 9.0]])})
    assert fused.tolist() == [[2.0, 2.0, 9.0, 9.0]]


def test_a_missing_field_is_its_learned_vector():
    made = fusion(TWO).eval()
    with torch.no_grad():
        made.missing["field_age"].copy_(torch.tensor([7.0, 8.0]))
    vectors = ones(2)
    vectors["age"][1] = NAN
    assert made(vectors).tolist() == [[1, 1, 2, 2], [7, 8, 2, 2]]


def test_learned_vectors_get_gradients_and_no_not_a_number():
    made = fusion(TWO)
    vectors = {name: value.requires_grad_() for name, value in ones(2).items()}
    gone = vectors["age"].detach().clone()
    gone[1] = NAN
    made.eval()({**vectors, "age": gone}).sum().backward()
    assert made.missing["field_age"].grad.tolist() == [1.0, 1.0]
    assert torch.isfinite(vectors["colour"].grad).all()


def test_required_fields_have_no_vector_for_missing():
    assert list(fusion([AGE, {**COLOUR, "required": False}]).missing) == ["field_colour"]


def hidden(made, count=4000):
    """Which of both fields were hidden, bool [count, 2]."""
    with torch.no_grad():
        for vector in made.missing.values():
            vector.fill_(-1.0)
        with seeded(CPU, 0, "test"):
            fused = made.train()(ones(count))
    return torch.stack([fused[:, 0] == -1, fused[:, 2] == -1], dim=1)


def test_hiding_never_hides_all_fields_and_hides_the_share_that_was_asked_for():
    both = hidden(fusion(TWO))
    assert not both.all(dim=1).any()
    alone = 0.5 * 0.5  # hidden while the other is not; cases where both would be stay as they were
    assert both.float().mean(dim=0).tolist() == pytest.approx([alone, alone], abs=0.03)


def test_beside_a_required_field_all_optional_ones_may_be_hidden():
    made = fusion([{**AGE, "required": False}, {**COLOUR, "required": True}])
    with torch.no_grad():
        made.missing["field_age"].fill_(-1.0)
        with seeded(CPU, 0, "test"):
            fused = made.train()(ones(4000))
    assert float((fused[:, 0] == -1).float().mean()) == pytest.approx(0.5, abs=0.03)
    assert (fused[:, 2] == 2).all()


def test_a_case_with_one_field_left_keeps_it_in_training():
    made = fusion(TWO, missing=0.9)
    vectors = ones(500)
    vectors["colour"][:] = NAN
    with torch.no_grad():
        made.missing["field_age"].fill_(-1.0)
        assert (made.train()(vectors)[:, :2] == 1).all()


def test_nothing_is_hidden_when_it_answers_or_with_share_zero():
    for made in (fusion(TWO).eval(), fusion(TWO, missing=0.0).train()):
        assert torch.equal(made(ones(50)), torch.tensor([[1.0, 1.0, 2.0, 2.0]]).expand(50, 4))


EVERYTHING = [
    {**IMAGE, "size": 32, "required": False},
    {**AGE, "required": False},
    {**COLOUR, "required": False},
    {**NOTE, "required": False},
]


@pytest.fixture(scope="module")
def everything():
    spec = spec_of(fields=EVERYTHING, encoder=RANDOM_BACKBONE, encoders={"note": SMALL_TRANSFORMER})
    network = build_network(spec, 0)
    train = cases_of(spec, 30)
    network.fit_inputs(train.inputs)
    network.fit_standardiser(network.condense(train.inputs))
    return spec, network.eval()


def test_every_kind_may_be_missing_and_the_answer_is_finite(everything):
    spec, network = everything
    cases = cases_of(spec, 5)
    rows = network.encode(cases.inputs)
    for place, name in enumerate(network.fields):
        assert rows[name].isnan().any(dim=1).tolist() == [row % 5 == place for row in range(5)]
    with torch.no_grad():
        assert torch.isfinite(network(cases.inputs)["shape"]).all()


def test_a_case_without_any_field_still_has_an_answer(everything):
    spec, network = everything
    absent = {"image": 0, "age": NAN, "colour": -1, "note": 0}
    inputs = {name: torch.full_like(value[:1], absent[name]) for name, value in cases_of(spec, 1).inputs.items()}
    with torch.no_grad():
        assert torch.isfinite(network(inputs)["shape"]).all()


def test_a_black_picture_is_a_picture_where_one_is_required():
    """An image that is black everywhere once made the answer not-a-number."""
    spec = spec_of(encoder=RANDOM_BACKBONE, fields=[{**IMAGE, "size": 32}])
    network = build_network(spec, 0).eval()
    inputs = {"image": torch.zeros(1, 1, 32, 32, dtype=torch.uint8)}
    with torch.no_grad():
        assert torch.isfinite(network(inputs)["shape"]).all()
        assert torch.isfinite(network.condense(inputs)["image"]).all()


def test_vectors_of_required_and_optional_fields_are_kept_apart():
    keys = [
        build_network(spec_of(encoder=RANDOM_BACKBONE, fields=[{**IMAGE, "size": 32, "required": need}]), 0)
        for need in (True, False)
    ]
    assert keys[0].encoder_key("image") != keys[1].encoder_key("image")


def test_entries_give_the_answers_of_inputs(everything):
    spec, network = everything
    cases = cases_of(spec, 6)
    with torch.no_grad():
        answers = network.answer_entries(network.enter(cases.inputs))["shape"]
        assert torch.allclose(answers, network(cases.inputs)["shape"], atol=1e-5)
        assert torch.allclose(network(network.condense(cases.inputs))["shape"], answers, atol=1e-4)


def test_vectors_are_told_from_prepared_inputs(everything):
    spec, network = everything
    condensed = network.condense(cases_of(spec, 3).inputs)
    assert network.frozen_fields == ("image",)
    assert not network.frozen
    assert network.holds_vectors("image", condensed["image"])
    assert condensed["image"].shape == (3, network.encoder("image").dim)
    assert not any(network.holds_vectors(name, condensed[name]) for name in ("age", "colour", "note"))
    assert all(torch.equal(condensed[n], cases_of(spec, 3).inputs[n]) for n in ("colour", "note"))
