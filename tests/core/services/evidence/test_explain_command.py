"""The command `explain` with everything that can be asked beside the method."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from core.cli import app
from core.cli.evidence import options_of
from core.errors import BadInput
from tests.helpers.evidence import CASE, MIXED
from tests.helpers.tiny_product import copy_home

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(mixed_home, tmp_path_factory):
    """A closed copy that the commands work on."""
    return copy_home(mixed_home, tmp_path_factory.mktemp("command") / "home")


@pytest.fixture
def run(home, tmp_path):
    """Run `explain` on the case as a person would."""

    def command(*words: str):
        arguments = ["explain", MIXED, CASE, "--target", "tone", "--out", str(tmp_path), *words]
        return CliRunner(env={"TANDEM_HOME": str(home), "TANDEM_DEMOS": ""}).invoke(app, arguments)

    return command


def told(result) -> dict:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


def test_without_a_method_the_best_is_taken(run):
    found = told(run("--json"))
    assert found["method"] == "integrated_gradients"
    assert set(found) == {"case", "version", "method", "target", "label", "completeness_error", "attributions"}


def test_contrast_baseline_and_options(run):
    words = ("--method", "occlusion", "--label", "loud")
    plain = told(run(*words, "--json"))
    other = told(run(*words, "--against", "calm", "--baseline", "case", "--reference", "m004", "--json"))
    assert (other["against"], other["baseline"], other["reference"]) == ("calm", "case", "m004")
    assert plain["attributions"]["image"] != other["attributions"]["image"]
    assert np.load(other["attributions"]["image"]).shape == (12, 12)
    wide = told(run(*words, "--option", "window=0.5", "--option", "stride=1", "--json"))
    values = np.load(wide["attributions"]["image"])
    assert wide["options"] == {"window": 0.5, "stride": 1}
    assert not np.array_equal(values, np.load(plain["attributions"]["image"]))
    assert len(np.unique(values.round(6))) <= 4  # four windows of half the side


def test_quality_figures(run):
    found = told(run("--method", "integrated_gradients", "--quality", "--json"))["quality"]
    assert {one["curve"] for one in found["comparisons"]} == {"deletion", "insertion"}
    assert found["stability"]["n"] == 5
    lines = run("--method", "integrated_gradients", "--quality").output
    assert "stability: " in lines
    assert "random maps " in lines


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--method", "occlusion", "--option", "window"), "--option must be NAME=VALUE, got 'window'"),
        (("--method", "occlusion", "--option", "window=9"), "option window must be 0.02..1, got 9"),
        (("--method", "occlusion", "--option", "window=wide"), "must be of type float, got 'wide'"),
        (("--baseline", "snow"), "no baseline 'snow'"),
        (("--against", "purple"), "'purple' is no label"),
    ],
)
def test_what_can_not_be_asked_ends_with_a_message(run, words, said):
    result = run(*words)
    assert result.exit_code == 1
    assert said in result.output


def test_options_are_numbers_where_they_can_be():
    assert options_of(["a=1", "b=1.5", "c=mean", "d=-2"]) == {"a": 1, "b": 1.5, "c": "mean", "d": -2}
    with pytest.raises(BadInput, match="NAME=VALUE, got '=1'"):
        options_of(["=1"])
