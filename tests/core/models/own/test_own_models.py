"""A model of one's own: it answers as it was given, and what it must keep is checked."""

import math
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor

from core.contracts import WorkspaceSpec
from core.errors import BadInput
from core.models.building import shape_of
from core.models.embedding import condense
from core.models.examples import Examples
from core.models.network import LogitModule
from core.models.own import OwnNetwork, adopt, search_in
from core.models.registry import load_version
from core.models.serving import predict, setup
from core.models.words import word_number
from explain.base import Subject
from explain.registry import compatible, explainer
from tests.helpers import own_models
from tests.helpers.model_parts import stored
from tests.helpers.own_models import HERE, SIDE, weights_of

CPU = torch.device("cpu")
IMAGE = {"name": "image", "kind": "image", "size": SIDE}
AGE = {"name": "age", "kind": "numeric", "required": False, "minimum": 0.0, "maximum": 100.0}
COLOUR = {"name": "colour", "kind": "categorical", "categories": ["red", "green", "blue"], "required": False}
NOTE = {"name": "note", "kind": "text", "tokens": 8, "required": False}
SIDES = [{"name": "side", "classes": ["above", "below"]}]
BOTH = [{"name": "finding", "classes": ["no", "yes"]}, {"name": "view", "classes": ["AP", "PA", "L"]}]


def workspace(function: str, head: str | None = None, **changes) -> WorkspaceSpec:
    """A workspace whose model is built by `function` of the helpers."""
    model = {"callable": function if ":" in function else f"{HERE}:{function}", "weights": "own.safetensors"}
    sections = {
        "name": "own",
        "title": "Own",
        "fields": [IMAGE],
        "targets": SIDES,
        "model": model | ({"head": head} if head else {}),
    }
    return WorkspaceSpec.model_validate({**sections, **changes})


def images(count: int = 6) -> Tensor:
    return torch.randint(0, 256, (count, 1, SIDE, SIDE), generator=torch.Generator().manual_seed(0)).to(torch.uint8)


def mixed_inputs() -> dict[str, Tensor]:
    """Four cases; the last has nothing but its image."""
    note = torch.zeros(4, 8, dtype=torch.int64)
    note[0, :2] = torch.tensor([word_number("acute"), word_number("disease")])
    note[1:3, 0] = torch.tensor([7, 2**63 - 1])
    return {
        "image": images(4),
        "age": torch.tensor([[61.0], [5.5], [40.0], [math.nan]]),
        "colour": torch.tensor([[0], [2], [1], [-1]]),
        "note": note,
    }


def mixed_workspace(head: str | None = "head") -> WorkspaceSpec:
    return workspace("mixed", head, fields=[IMAGE, AGE, COLOUR, NOTE], targets=BOTH)


def adopted(spec: WorkspaceSpec, inputs: dict[str, Tensor], function=None) -> OwnNetwork:
    build = function or getattr(own_models, spec.model.callable.split(":")[1])
    return adopt(spec, weights_of(build()), inputs, CPU)[0]


@pytest.mark.parametrize("head", ["fc", None])
def test_it_answers_exactly_as_it_was_given(head) -> None:
    module, network = own_models.convolutional().eval(), adopted(workspace("convolutional", head), {"image": images()})
    with torch.no_grad():
        assert torch.equal(network({"image": images()})["side"], module(images().float() / 255))


@pytest.mark.parametrize("head", ["head", None])
def test_several_fields_and_targets_and_missing_values(head) -> None:
    network, inputs = adopted(mixed_workspace(head), mixed_inputs()), mixed_inputs()
    one_hot = torch.tensor([[1.0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 0]])
    with torch.no_grad():
        given = own_models.mixed().eval()(inputs["image"].float() / 255, inputs["age"], one_hot, inputs["note"])
        found = network(inputs)
    for target in ("finding", "view"):
        torch.testing.assert_close(found[target], given[target], rtol=0, atol=1e-6)


def test_word_pieces_come_with_their_own_numbers() -> None:
    field = {**NOTE, "tokeniser": "wordpiece"}
    network = adopted(workspace("mixed", "head", fields=[IMAGE, AGE, COLOUR, field], targets=BOTH), mixed_inputs())
    entries = network.enter(mixed_inputs())
    assert network.to_module(entries)["note"][1].tolist() == [6, 0, 0, 0, 0, 0, 0, 0]


def test_it_is_stored_and_loaded_by_another_process_to_the_bit() -> None:
    network = adopted(workspace("convolutional", "fc"), {"image": images()})
    loaded = load_version(*stored(network))
    served = setup(loaded)
    with torch.no_grad():
        expected = network({"image": images()})["side"]
        assert torch.equal(loaded.network({"image": images()})["side"], expected)
    assert torch.equal(torch.from_numpy(predict(served, {"image": images()})["side"]), expected)
    assert loaded.network.embedding_key == network.embedding_key


def test_vectors_of_all_fields_are_kept_under_the_first(monkeypatch) -> None:
    network, inputs = adopted(mixed_workspace(), mixed_inputs()), mixed_inputs()
    examples = Examples(
        tuple(range(4)), inputs, {t: torch.zeros(4, dtype=torch.int64) for t in network.targets}, ("g",) * 4
    )
    kept: dict[str, object] = {}

    class Cache:
        def get(self, keys):
            return {key: kept[key] for key in keys if key in kept}

        def put(self, keys, vectors):
            kept.update(zip(keys, vectors, strict=True))

    def condensed(some: Examples) -> Examples:
        return condense(network, some, CPU, caches=lambda key: Cache())

    first = condensed(examples)
    assert first.inputs["image"].shape == (4, 14)
    with torch.no_grad():
        for target, logits in network(examples.batch(range(4))).items():
            assert torch.equal(network(first.batch(range(4)))[target], logits)
    assert len(kept) == 4
    monkeypatch.setattr(OwnNetwork, "read", None)  # another look would fail
    assert torch.equal(
        condense(network, examples, CPU, caches=lambda key: Cache()).inputs["image"], first.inputs["image"]
    )
    older = examples.inputs | {"age": inputs["age"] + 1}
    with pytest.raises(TypeError, match="not callable"):
        condense(
            network,
            Examples(examples.case_ids, older, examples.labels, examples.groups),
            CPU,
            caches=lambda key: Cache(),
        )


@pytest.mark.parametrize("function", ["pair", "biased_pair"])
def test_standardising_changes_no_answer_and_only_the_head_trains(function) -> None:
    some = {name: mixed_inputs()[name] for name in ("image", "age")}
    network = adopted(workspace(function, "head", fields=[IMAGE, AGE]), some)
    inputs = {"image": images(6), "age": torch.arange(6.0)[:, None] * 10}
    with torch.no_grad():
        before = network(inputs)["side"]
        for scale in (1.0, 3.0):
            network.fit_standardiser(network.condense({**inputs, "age": inputs["age"] * scale}))
            torch.testing.assert_close(network(inputs)["side"], before, rtol=1e-4, atol=1e-5)
    vectors = network.fusion(network.condense({**inputs, "age": inputs["age"] * 3}))
    torch.testing.assert_close(vectors.std(dim=0, correction=0), torch.ones(5), rtol=1e-4, atol=1e-4)
    trains = {name for name, tensor in network.named_parameters() if tensor.requires_grad}
    biased = function == "biased_pair"
    assert trains == {"heads.target_side.weight"} | ({"heads.target_side.bias"} if biased else set())
    assert biased == bool((vectors.mean(dim=0).abs() < 1e-4).all())
    assert not network.train().body.training


@pytest.mark.parametrize("function", ["pair", "biased_pair", "mixed"])
def test_the_module_comes_back_with_its_new_head(function) -> None:
    spec = mixed_workspace() if function == "mixed" else workspace(function, "head", fields=[IMAGE, AGE])
    inputs = {name: mixed_inputs()[name] for name in [field.name for field in spec.fields]}
    network = adopted(spec, inputs)
    given = getattr(own_models, function)().state_dict()
    assert {name: tensor.tolist() for name, tensor in network.module_state().items()} == {
        name: tensor.tolist() for name, tensor in given.items()
    }
    with torch.no_grad():
        network.fit_standardiser(network.condense(inputs))
        for head in network.heads.children():
            head.weight.mul_(-2.0)
        again, _ = adopt(spec, save(network.module_state()), inputs, CPU)
        for target, logits in network(inputs).items():
            torch.testing.assert_close(again(inputs)[target], logits, rtol=1e-4, atol=1e-4)


def test_threads_do_not_hear_one_another() -> None:
    network = adopted(workspace("convolutional", "fc"), {"image": images()})
    pictures = [images(8)[row : row + 1] for row in range(8)]

    def answer(image: Tensor) -> Tensor:
        with torch.no_grad():
            return network({"image": image})["side"]

    alone = [answer(image) for image in pictures]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            assert all(torch.equal(a, b) for a, b in zip(alone, pool.map(answer, pictures), strict=True))


def test_tied_weights_are_stored_and_loaded() -> None:
    spec = workspace("tied", "fc")
    network = adopted(spec, {"image": images()}, own_models.tied)
    loaded = load_version(*stored(network)).network
    with torch.no_grad():
        assert torch.equal(loaded({"image": images()})["side"], network({"image": images()})["side"])
    one_name = {name: tensor for name, tensor in load(weights_of(own_models.tied())).items() if name != "again.weight"}
    with torch.no_grad():
        again, _ = adopt(spec, save(one_name), {"image": images()}, CPU)
        assert torch.equal(again({"image": images()})["side"], network({"image": images()})["side"])


def question(network: OwnNetwork, inputs: dict[str, Tensor], target: str) -> tuple[Subject, tuple[Tensor, ...]]:
    entries = network.enter({name: tensor[:1] for name, tensor in inputs.items()})
    module = LogitModule(network, target, [entries[name].present for name in network.fields])
    kinds = tuple(field.kind for field in network.spec.fields)
    classes = len(network.spec.target(target).classes)
    return Subject(module, kinds, (1.0,) * classes), tuple(entries[name].values for name in network.fields)


def test_it_is_explained_as_ours() -> None:
    network = adopted(workspace("convolutional", "fc"), {"image": images()})
    subject, inputs = question(network, {"image": images()}, "side")
    names = [method.name for method in compatible(subject, inputs)]
    assert names[:4] == ["integrated_gradients", "grad_cam", "layer_cam", "occlusion"]
    assert explainer("integrated_gradients").explain(subject, inputs, 1).reached
    assert explainer("grad_cam").explain(subject, inputs, 1).values[0].shape == (1, SIDE, SIDE)


def test_texts_are_explained_by_methods_that_change_the_input() -> None:
    network = adopted(mixed_workspace(), mixed_inputs())
    subject, inputs = question(network, mixed_inputs(), "view")
    fitting = compatible(subject, inputs)
    assert fitting[0].name == "occlusion"
    assert {method.family for method in fitting} == {"perturbation"}
    values = explainer("occlusion").explain(subject, inputs, 2).values
    one_hot, image = torch.tensor([[1.0, 0, 0]]), mixed_inputs()["image"][:1].float() / 255
    module, note = own_models.mixed().eval(), mixed_inputs()["note"][:1]
    without = note.clone()
    without[0, 1] = 0
    with torch.no_grad():
        lost = (
            module(image, torch.tensor([[61.0]]), one_hot, note)["view"]
            - module(image, torch.tensor([[61.0]]), one_hot, without)["view"]
        )
    assert float(values[3][1].sum()) == pytest.approx(float(lost[0, 2]), abs=1e-5)
    assert not values[3][2:].any()


def test_notes_say_what_can_not_be_offered() -> None:
    def notes(spec: WorkspaceSpec, inputs: dict[str, Tensor], build) -> str:
        return " ".join(adopt(spec, weights_of(build()), inputs, CPU)[1])

    assert notes(workspace("convolutional", "fc"), {"image": images()}, own_models.convolutional) == ""
    assert "can't be retrained" in notes(workspace("convolutional"), {"image": images()}, own_models.convolutional)
    said = notes(mixed_workspace(), mixed_inputs(), own_models.mixed)
    assert "no gradient by note: only methods that change inputs" in said
    assert "no gradient by image" in notes(workspace("detached"), {"image": images()}, own_models.detached)


@pytest.mark.parametrize(
    ("function", "head", "message"),
    [
        ("shape", None, r"target 'side' must be \[batch, 2\], one logit for each class, got \[6, 4\]"),
        ("rows", None, "6 cases gave 1 rows"),
        ("nan", None, "NaN or infinity for 6 of 6 real cases"),
        ("words", None, r"must answer one tensor \[batch, 2\], got str"),
        ("dropout", None, "the same cases differently each time.*Switch off dropout"),
        ("batch", None, "depends on the other cases of its batch.*stored statistics of batch normalisation"),
        ("input_changed", None, "changes its input 'image' in place"),
        ("weights_changed", None, "changes its own 'seen' while it answers"),
        ("raises", None, r"failed on 6 real cases: RuntimeError.*in this order: image \[6, 1, 12, 12\]"),
        ("borrowed", "fc", "failed on 6 real cases: AttributeError: 'Tap' object has no attribute 'weight'"),
        ("after", "fc", "model.head 'fc' gives is not the model's answer"),
        ("convolutional", "features.0", "wanted the name of a torch.nn.Linear, but that is Conv2d. There are: fc"),
        ("convolutional", "classifier", "there is no such part. There are: fc"),
        ("no_module", None, "returned str, wanted a torch.nn.Module"),
        ("fails", None, "failed: ValueError: no such layer"),
        ("exits", None, "failed: SystemExit: .{250,310} It is called without arguments"),
        ("not_callable", None, "its module has no function 'not_callable'"),
        ("convolutionl", None, "no function 'convolutionl'. Did you mean 'convolutional'?"),
        ("tests.helpers.none:build", None, "there is no module 'tests.helpers.none'.*TANDEM_MODELS"),
    ],
)
def test_what_it_must_keep(function: str, head: str | None, message: str) -> None:
    build = getattr(own_models, function, own_models.convolutional)
    data = weights_of(build()) if function not in ("no_module", "fails", "exits", "not_callable") else b""
    with pytest.raises(BadInput, match=message):
        adopt(workspace(function, head), data, {"image": images()}, CPU)


def test_a_head_of_another_width_is_refused() -> None:
    wide = workspace("convolutional", "fc", targets=[{"name": "side", "classes": ["a", "b", "c"]}])
    with pytest.raises(BadInput, match="takes 64 numbers and gives 2; wanted at least 2, and 3"):
        adopt(wide, weights_of(own_models.convolutional()), {"image": images()}, CPU)


def test_weights_must_fit_by_name_and_shape() -> None:
    def refused(data: bytes, message: str) -> None:
        with pytest.raises(BadInput, match=message):
            adopt(workspace("convolutional", "fc"), data, {"image": images()}, CPU)

    good = load(weights_of(own_models.convolutional()))
    refused(b"no tensors", "own.safetensors is not a safetensors file")
    refused(save({k: v for k, v in good.items() if k != "fc.bias"}), "own.safetensors does not fit.*fc.bias is missing")
    refused(save(good | {"extra": torch.zeros(1)}), "extra is unknown")
    refused(save(good | {"fc.bias": torch.zeros(3)}), r"fc.bias has shape \[3\], expected \[2\]")
    refused(weights_of(own_models.pair()), "and 9 more")


CODE = """
from torch import nn
from {package} import SIZE

class Own(nn.Sequential):
    def forward(self, x):
        return super().forward(x) {change}

def build():
    return Own(nn.Flatten(), nn.Linear(SIZE, 2))
"""


def test_code_comes_from_a_named_folder_and_changed_code_is_noticed(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("sys.path", ["", *__import__("sys").path])
    (tmp_path / "own_sizes.py").write_text("SIZE = 144\n")
    (tmp_path / "own_code_here.py").write_text(CODE.format(package="own_sizes", change=""))
    spec = workspace("own_code_here:build")
    with pytest.raises(BadInput, match=r"there is no module 'own_code_here'.*TANDEM_MODELS"):
        shape_of(spec)
    search_in((tmp_path,))
    network, _ = adopt(spec, weights_of(shape_of(spec).body), {"image": images()}, CPU)
    blobs, version = stored(network)
    assert load_version(blobs, version)
    changed = CODE.format(package="own_sizes", change="* 2 + 1")
    namespace: dict[str, object] = {}
    exec(changed, namespace)
    monkeypatch.setattr("own_code_here.build", namespace["build"])
    with pytest.raises(BadInput, match="code of own_code_here:build has changed since this version was made"):
        load_version(blobs, version)
    with pytest.raises(BadInput, match=r"TANDEM_MODELS names .*nowhere, which is not a folder"):
        search_in((tmp_path / "nowhere",))


def test_code_that_needs_what_is_not_installed_says_so(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("sys.path", [str(tmp_path), *__import__("sys").path])
    (tmp_path / "own_needy.py").write_text("import no_such_library_here\n")
    (tmp_path / "own_broken.py").write_text("1 / 0\n")
    with pytest.raises(BadInput, match="needs 'no_such_library_here': install it"):
        shape_of(workspace("own_needy:build"))
    with pytest.raises(BadInput, match="can't be imported: ZeroDivisionError"):
        shape_of(workspace("own_broken:build"))
