import numpy as np
import pytest
import torch
from torch import nn

from core.models import serving
from core.models.batching import CPU_VALUES, GPU_VALUES, cases_per_pass, padded, passes
from tests.helpers.model_parts import (
    AGE,
    COLOUR,
    IMAGE,
    NOTE,
    RANDOM_BACKBONE,
    SMALL_TRANSFORMER,
    cases_of,
    model_of,
    spec_of,
)

CPU, GPU = torch.device("cpu"), torch.device("cuda")


def answer(logits, **calibration):
    model = model_of(spec_of(), **calibration)
    return serving.encode(model, {"shape": np.array([logits], dtype=np.float32)})[0].targets[0]


def test_sure_answer_does_not_defer():
    sure = answer([9.0, 0.0, 0.0], threshold=0.3)
    assert (sure.label, sure.answer_set, sure.defers) == ("a", ("a",), False)
    assert sure.reason == "a is the only answer that it can't rule out"
    assert sure.probability == pytest.approx(1.0, abs=1e-3)


def test_unsure_answer_defers_and_names_what_it_can_not_rule_out():
    unsure = answer([0.0, 2.0, 2.1], threshold=0.8)
    assert (unsure.label, unsure.answer_set, unsure.defers) == ("c", ("c", "b"), True)
    assert unsure.reason == "can't rule out c, b"


def test_answer_that_fits_no_calibration_case_defers_too():
    strange = answer([1.0, 1.1, 0.9], threshold=0.01)
    assert strange.defers
    assert strange.answer_set == ("b", "a", "c")
    assert strange.reason == "can't rule out any answer"


def test_without_calibration_nothing_is_ruled_out():
    assert answer([9.0, 0.0, 0.0]).answer_set == ("a", "b", "c")


def test_ties_go_to_the_first_class():
    assert answer([1.0, 1.0, 1.0]).label == "a"


def test_serving_copy_is_faster_made_and_apart():
    spec = spec_of(encoder={**RANDOM_BACKBONE, "backbone": "test_efficientnet"}, fields=[{**IMAGE, "size": 32}])
    model, cases = model_of(spec), cases_of(spec, 5)
    served = serving.setup(model)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in served.network.modules())
    assert any(isinstance(m, nn.BatchNorm2d) for m in model.network.modules())
    assert not any(parameter.requires_grad for parameter in served.network.parameters())
    assert all(parameter.requires_grad for parameter in model.network.heads.parameters())
    ours = serving.predict(served, serving.decode(model, cases.inputs, batched=True))["shape"]
    with torch.no_grad():
        expected = model.network(cases.batch(range(5)))["shape"].numpy()
    assert np.abs(ours - expected).max() <= 1e-4 * np.abs(expected).max()


def test_passes_cover_all_cases_evenly():
    for count in range(40):
        parts = list(passes(count, 4))
        rows = [row for part in parts for row in range(part.start, part.stop)]
        assert rows == list(range(count))
        sizes = [part.stop - part.start for part in parts]
        assert all(0 < size <= 4 for size in sizes)
        assert not sizes or max(sizes) - min(sizes) <= 1


def test_passes_fit_the_device():
    image = {"image": torch.zeros(1, 1, 224, 224)}
    assert cases_per_pass(image, CPU) == CPU_VALUES // (3 * 224 * 224)
    assert cases_per_pass(image, GPU) == GPU_VALUES // (3 * 224 * 224) == 32
    assert cases_per_pass({"image": torch.zeros(1, 3, 1024, 1024)}, CPU) == 1


def test_passes_have_one_shape_on_a_gpu():
    rows = torch.ones(3, 1, 2, 2)
    assert padded(rows, 8, CPU) is rows
    filled = padded(rows, 8, GPU)
    assert filled.shape == (8, 1, 2, 2)
    assert torch.equal(filled[:3], rows)
    assert not filled[3:].any()


EVERYTHING = {
    "fields": [{**item, "required": False} for item in (IMAGE, AGE, COLOUR, NOTE)],
    "encoders": {"note": SMALL_TRANSFORMER},
}
MINILM = {"fields": [{**NOTE, "tokeniser": "wordpiece"}], "encoder": {"name": "minilm"}}


@pytest.mark.parametrize("changes", [EVERYTHING, MINILM], ids=["everything", "minilm"])
def test_every_kind_of_field_is_served_as_the_network_answers(changes):
    spec = spec_of(**changes)
    model, cases = model_of(spec), cases_of(spec, 7)
    ours = serving.predict(serving.setup(model), serving.decode(model, cases.inputs, batched=True))["shape"]
    with torch.no_grad():
        expected = model.network(cases.inputs)["shape"].numpy()
    assert np.isfinite(ours).all()
    assert np.abs(ours - expected).max() <= 1e-4


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize(
    "changes",
    [
        {"encoder": {"name": "mlp"}, "fields": [{**IMAGE, "size": 96}]},
        {"encoder": RANDOM_BACKBONE, "fields": [{**IMAGE, "size": 96}]},
        EVERYTHING,
        MINILM,
    ],
    ids=["mlp", "backbone", "everything", "minilm"],
)
def test_gpu_answers_do_not_depend_on_company_and_are_those_of_the_cpu(changes):
    spec = spec_of(**changes)
    model, images = model_of(spec), cases_of(spec, 20).inputs
    on_gpu = model_of(spec)
    object.__setattr__(on_gpu, "device", GPU)
    on_gpu.network.to(GPU)
    served = serving.setup(on_gpu)
    together = serving.predict(served, images)["shape"]
    rows = [{name: value[i : i + 1] for name, value in images.items()} for i in range(20)]
    alone = np.concatenate([serving.predict(served, row)["shape"] for row in rows])
    assert np.abs(together - alone).max() <= 1e-4
    expected = serving.predict(serving.setup(model), images)["shape"]
    assert np.abs(together - expected).max() <= 0.05 * np.abs(expected).max()
