"""Names of the .npy files that `explain` writes."""

import numpy as np

from core.cli.cases import file_name, written
from core.services.predictions import ExplainedCase

PIXELS = np.ones((2, 3), dtype=np.float32)


def _explained(case="a", target="finding", label="no"):
    return ExplainedCase(case, "v1", "occlusion", target, label, None, {"photo": PIXELS})


def test_names_differ_wherever_the_explanations_do():
    different = [_explained("a/b"), _explained("a_b"), _explained("a b"), _explained("a_b", target="view")]
    different += [_explained("é" * 200), _explained("é" * 199), _explained("a_b", label="n/o")]
    names = {file_name(item, "photo") for item in different} | {file_name(different[0], "scan")}
    assert len(names) == len(different) + 1
    assert all(len(name) < 255 and name.isascii() and "/" not in name for name in names)


def test_a_long_or_odd_name_of_a_case_can_be_written(tmp_path):
    for case in ("é" * 200, "../../x", "x" * 200):
        file = written(_explained(case), tmp_path / "out")["photo"]
        assert np.array_equal(np.load(file), PIXELS)
    assert len(list(tmp_path.rglob("*.npy"))) == len(list((tmp_path / "out").iterdir())) == 3
