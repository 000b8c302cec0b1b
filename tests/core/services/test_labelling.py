"""Trust in labels from the verdicts that stand on them."""

from datetime import UTC, datetime

import pytest

from core.contracts import ReferenceLabel, Verdict
from core.services.labelling import label_trust

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _verdict(case_id: int, actor: str, label: str, confidence: str = "certain") -> Verdict:
    return Verdict(case_id, case_id, "shape", actor, label, "agree", confidence, None, "{}", "", NOW, ())


REFERENCES = {
    "shape": {
        1: ReferenceLabel(1, "shape", "a", "data set", 1),
        2: ReferenceLabel(2, "shape", "a", "agreement", 2),
        3: ReferenceLabel(3, "shape", "b", "single verdict", 2),
    }
}


def test_weights_follow_the_readers_and_persons_labels_are_confirmed():
    given = [_verdict(2, "ann", "a"), _verdict(2, "bob", "a", "guess"), _verdict(1, "ann", "b")]
    trust = label_trust((1, 2, 3, 4), REFERENCES, given)
    assert trust.weights["shape"].tolist() == pytest.approx([0.5, 0.75, 1.0, 1.0])
    assert trust.confirmed == {2, 3}


def test_labels_of_full_trust_need_no_weights():
    assert label_trust((1, 3), REFERENCES, [_verdict(3, "ann", "b")]).weights is None
