"""The demo workspaces that come in packages, through the services: a champion better than chance, marks, a gate."""

import pytest

from core.contracts import MarkForm
from core.learning.metrics import macro_auroc
from tests.benchmarks._worlds import CHAMPION, home, shipped_text, trained

ROW = MarkForm("colour", "ignore", "colour", names=("colour",))
WORD = MarkForm("findings", "ignore", "first word", spans=((0, 3),))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "mark", "least"), [("arrests", ROW, 0.65), ("radiology-reports", WORD, 0.85)])
def test_a_demo_learns_and_its_marks_reach_the_gate(name, mark, least, tmp_path):
    with home() as container:
        text = shipped_text(name, 0, epochs="2", width="32")
        world = trained(container, text, tmp_path)
        target = world.spec.targets[0].name
        cases, labels = world.labelled("ledger", target)
        answers = world.answers(CHAMPION, cases, target)
        assert macro_auroc(labels)(answers, [1.0] * len(labels)) > least
        assert world.read(lambda case: (mark,), 3) == 3
        version = world.retrain()
        report = container.retraining.gate(world.name, version, actor=container.default_actor)
        (reliance,) = [check for check in report.checks if check.name == f"reliance:{mark.artefact}"]
        assert reliance.n == len(cases)
        assert container.audit.verify().ok
