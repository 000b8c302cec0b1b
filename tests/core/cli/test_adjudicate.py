"""`adjudicate`: settles what readers differ on, as JSON and in words; refuses what there is not."""

import json

from typer.testing import CliRunner

from core.cli import app
from tests.helpers.reading_parts import ANNA, BEN, judge, pool_of, read_as
from tests.helpers.tiny_product import TARGET, WORKSPACE, open_home, prepare_home


def test_a_difference_is_settled(tmp_path):
    home = prepare_home(tmp_path / "tiny")
    services = open_home(home)
    read_as(services, home, tmp_path, "readers = 2")
    case, agreed = pool_of(services)[:2]
    for actor, label in ((ANNA, "above"), (BEN, "below")):
        judge(services, case, label, actor)
        judge(services, agreed, "above", actor)
    services.close()
    runner = CliRunner(env={"TANDEM_HOME": str(home), "TANDEM_ACTOR": "lea", "TANDEM_THREADS": "1"})

    def run(name: str, *more: str):
        return runner.invoke(app, ["adjudicate", WORKSPACE, name, "--label", "below", "--reason", "brighter", *more])

    done = run(case, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "case": case,
        "target": TARGET,
        "label": "below",
        "opinions": [{"reader": "R1", "label": "above"}, {"reader": "R2", "label": "below"}],
        "mark_overlap": None,
    }
    again = run(case, "--target", TARGET)
    assert f"{case}: {TARGET} is below (R1 said above, R2 said below)" in again.stdout
    refused = run(agreed)
    assert refused.exit_code == 1
    assert "Nobody differs" in refused.stderr
