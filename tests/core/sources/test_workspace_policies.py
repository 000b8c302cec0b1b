"""What the policies of a workspace file name must be there; each mistake is one sentence."""

import pytest

from core.errors import WorkspaceFileError
from core.sources import parse_workspace

GOOD = """
name = "small"
title = "Small"
fields = [{ name = "age", kind = "numeric" }]
targets = [{ name = "finding", classes = ["no", "yes"], positive = "yes" }, {name = "mood", classes = ["a", "b", "c"]}]
attributes = [{ name = "sex", sensitive = true }, { name = "view", sensitive = true }, { name = "year" }]

[[fairness]]
attribute = "sex"
metric = "equal_opportunity"
limit = 0.05

[[fairness]]
attribute = "sex & view"
target = "mood"

[calibration]
groups = "year"

[guard]
never_accept = ["yes"]
two_readers = ["mood=a"]
"""


def test_good_policies():
    spec = parse_workspace(GOOD, "small.toml")
    first, second = spec.fairness
    assert (first.metric, first.limit, first.worse_by, first.target) == ("equal_opportunity", 0.05, 0.05, None)
    assert (second.attribute, second.metric, second.target) == ("sex & view", "equalised_odds", "mood")
    assert spec.target("finding").positive_class == "yes"
    assert spec.target("mood").positive_class == "c"


@pytest.mark.parametrize(
    ("found", "replaced", "sentence"),
    [
        (
            'attribute = "sex"',
            'attribute = "se"',
            'fairness.entry 1.attribute: got "se", wanted one of sex, view, year',
        ),
        ('"sex & view"', '"sex & year"', 'fairness.entry 2.attribute: got "year", wanted an attribute with sensitive'),
        ('target = "mood"', 'target = "moo"', 'fairness.entry 2.target: got "moo", wanted one of finding, mood'),
        (
            'attribute = "sex & view"\ntarget = "mood"',
            'attribute = "sex"\nmetric = "equal_opportunity"',
            "fairness.entry 2: got equal_opportunity of sex for the second time, wanted it once",
        ),
        ('positive = "yes"', 'positive = "si"', 'targets.finding.positive: got "si", wanted one of no, yes'),
        ('groups = "year"', 'groups = "day"', 'calibration.groups: got "day", wanted one of sex, view, year'),
        ('["yes"]', '["si"]', 'guard.never_accept: got "si", wanted one of a, b, c, no, yes, or "target=label"'),
        ('"mood=a"', '"mood=no"', 'guard.two_readers: got "mood=no", wanted one of a, b, c, no, yes'),
    ],
)
def test_each_mistake_is_one_sentence(found, replaced, sentence):
    assert found in GOOD
    with pytest.raises(WorkspaceFileError) as refusal:
        parse_workspace(GOOD.replace(found, replaced, 1), "small.toml")
    assert str(refusal.value).startswith(f"small.toml: {sentence}")
