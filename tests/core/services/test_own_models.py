"""A model of one's own through the whole product: import, predict, explain, mark, retrain its head, gate."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.contracts import VerdictForm
from core.errors import BadInput, Conflict, Refused
from core.services.container import Container
from tests.helpers import own_models
from tests.helpers.own_models import convolutional
from tests.helpers.own_workspace import missing_of, write_mixed_folder, write_own_folder
from tests.helpers.product import ROOT, environment
from tests.helpers.tiny_product import TARGET, WORKSPACE, corner_mark, names_of, open_home, retrain, truth, verdict

pytestmark = pytest.mark.slow


def imported(container: Container, toml: Path):
    """Import a folder and wait for its champion, if there is one to come."""
    report = container.importing.import_folder(toml, toml.parent, actor=container.default_actor)
    if report.job_id is not None:
        container.jobs.wait(report.job_id)
    return report


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_own_folder(tmp_path_factory.mktemp("own"), "convolutional", convolutional())


@pytest.fixture
def product(tmp_path):
    container = open_home(tmp_path / "home")
    yield container
    container.close()


def given_logits(folder: Path, name: str) -> torch.Tensor:
    """What the module itself answers for a picture of the folder."""
    pixels = np.asarray(Image.open(folder / f"{name}.png"))
    with torch.no_grad():
        return convolutional().eval()(torch.tensor(pixels)[None, None].float() / 255)[0]


def test_from_import_to_gate(product, folder, tmp_path):
    report = imported(product, folder)
    assert report.added == 240
    assert product.workspaces.champion(WORKSPACE) == "v1"
    name = names_of(product, "pool")[0]
    with product.runtime.database.read() as tx:
        found = product.retraining.catalogue.workspace(tx, WORKSPACE)[0]
    model = product.retraining.catalogue.model(found)
    manifest = model.manifest
    assert manifest.strategy == "given"
    assert manifest.training_n == 0
    assert manifest.target(TARGET).calibration_n > 10
    answer = product.predictions.predict(WORKSPACE, name).target(TARGET)
    expected = torch.softmax(given_logits(folder.parent, name).double() / manifest.target(TARGET).temperature, dim=0)
    assert answer.probabilities == pytest.approx(expected.tolist(), abs=1e-5)

    for case in names_of(product, "pool")[:8]:
        verdict(product, case, truth(case), marks=(corner_mark(),))
    evidence = product.review.explain(
        WORKSPACE, name, TARGET, actor=product.default_actor, method="integrated_gradients"
    )
    assert evidence.reached
    assert evidence.fields[0].heat

    before = product.retraining.metrics(WORKSPACE, "v1")[TARGET]["accuracy"].value
    assert retrain(product) == "v2"
    after = product.retraining.metrics(WORKSPACE, "v2")[TARGET]["accuracy"].value
    assert after > before + 0.2
    report = product.retraining.view(WORKSPACE).report
    assert report is not None
    assert {"accuracy", "reliance:corner"} <= {check.name for check in report.checks}

    kept = product.retraining.catalogue.model(found, "v2").network.body.state_dict()
    actor = product.default_actor
    product.retraining.decide(
        WORKSPACE, "promote", "v2", "listened", actor=actor, override=True, acknowledge=True, expected_champion="v1"
    )
    answer = product.predictions.predict(WORKSPACE, name).target(TARGET)
    product.exporting.export(WORKSPACE, tmp_path / "exported")
    again = open_home(tmp_path / "again")
    imported(again, tmp_path / "exported" / "workspace.toml")
    same = again.predictions.predict(WORKSPACE, name).target(TARGET)
    again.close()
    assert same.probabilities == pytest.approx(answer.probabilities, abs=1e-4)
    for key, tensor in model.network.body.state_dict().items():
        assert torch.equal(tensor, kept[key]), key


def test_another_process_serves_it_without_the_file(folder, tmp_path):
    first = open_home(tmp_path / "home")
    imported(first, folder)
    name = names_of(first, "pool")[0]
    expected = first.predictions.predict(WORKSPACE, name)
    first.close()
    copy = write_own_folder(tmp_path / "again", "convolutional", convolutional())
    (copy.parent / "own.safetensors").unlink()
    second = open_home(tmp_path / "home")
    try:
        assert second.predictions.predict(WORKSPACE, name) == expected
        assert imported(second, copy).unchanged == 240  # what serves needs no file any more
        copy.write_text(copy.read_text().replace("own.safetensors", "other.safetensors"))
        with pytest.raises(Conflict, match="a version that serves, so its model can't change"):
            imported(second, copy)
    finally:
        second.close()


def test_a_model_of_several_fields_and_targets(product, tmp_path):
    toml = write_mixed_folder(tmp_path / "data", own_models.mixed())
    notes = imported(product, toml).notes
    assert any("no gradient by note: only methods that change inputs" in note for note in notes)
    names, actor = names_of(product, "pool"), product.default_actor
    for name in names[:4]:
        for target, label in (("finding", "yes"), ("view", "L")):
            product.review.commit_read(WORKSPACE, name, target, label, "likely", actor=actor)
        revealed = product.review.reveal(WORKSPACE, name, actor=actor)
        assert revealed.methods[0] == "occlusion"
        assert "integrated_gradients" not in revealed.methods
        for target, label in (("finding", "yes"), ("view", "L")):
            form = VerdictForm(WORKSPACE, name, target, label, "certain", revealed.prediction.version)
            product.review.save_verdict(form, actor=actor)
        evidence = product.review.explain(WORKSPACE, name, "view", actor=actor, method="occlusion")
        assert sum(field.share for field in evidence.fields) == pytest.approx(1.0)
        gaps = [field for field in evidence.fields if field.field in missing_of(name)]
        assert all(field.share == 0 for field in gaps)
    assert retrain(product) == "v2"
    report = product.retraining.view(WORKSPACE).report
    assert report is not None
    assert {"accuracy@finding", "accuracy@view"} <= {check.name for check in report.checks}


def test_without_a_head_it_serves_and_is_not_retrained(product, tmp_path):
    report = imported(product, write_own_folder(tmp_path / "data", "convolutional", convolutional(), head=None))
    assert any("no `head`, so it can't be retrained" in note for note in report.notes)
    verdict(product, names_of(product, "pool")[0])
    with pytest.raises(Refused, match="names no `head`"):
        product.retraining.start(WORKSPACE, actor=product.default_actor)


@pytest.mark.parametrize(
    ("function", "message"),
    [("shape", r"must be \[batch, 2\]"), ("dropout", "differently each time"), ("nan", "NaN or infinity")],
)
def test_a_model_that_fails_a_check_leaves_nothing_behind(product, tmp_path, function, message):
    toml = write_own_folder(tmp_path / "data", function, getattr(own_models, function)(), head=None)
    with pytest.raises(BadInput, match=message):
        imported(product, toml)
    assert product.workspaces.names() == ()


def test_weights_that_are_missing_are_named(product, tmp_path):
    toml = write_own_folder(tmp_path / "data", "convolutional", convolutional())
    (tmp_path / "data" / "own.safetensors").unlink()
    with pytest.raises(BadInput, match=r"'own.safetensors', but there is no such file in .*data"):
        imported(product, toml)


CODE = """
from torch import nn

def build():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(32, 2))
"""


@pytest.mark.slow
def test_the_command_line_finds_the_code_in_a_named_folder(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "my_own_code.py").write_text(CODE)
    namespace: dict = {}
    exec(CODE, namespace)
    toml = write_own_folder(tmp_path / "data", "my_own_code:build", namespace["build"](), head="4")
    command = [sys.executable, "-m", "core", "import", str(toml), str(toml.parent), "--wait"]

    def run(**settings: str) -> subprocess.CompletedProcess:
        env = environment(tmp_path / "home", 8501, TANDEM_DEMOS="", **settings)
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=200, check=False)

    refused = run()
    assert refused.returncode != 0
    assert "there is no module 'my_own_code'" in refused.stderr
    assert "Traceback" not in refused.stderr
    done = run(TANDEM_MODELS=str(tmp_path / "code"))
    assert done.returncode == 0, done.stderr
    assert "champion v1" in done.stdout
