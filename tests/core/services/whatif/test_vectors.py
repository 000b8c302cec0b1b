"""Where cases lie: the vectors that the heads of a version read."""

import numpy as np
import pytest

from tests.helpers.spotted import MIXED, TONE, placed

CASE = "m004"


def test_vectors_are_what_the_heads_read(shared):
    model, known = placed(shared)
    row = [case.name for case in known.known].index(CASE)
    head = model.network.heads[f"target_{TONE}"]
    logits = head.weight.detach().double().numpy() @ known.vectors[row] + head.bias.detach().double().numpy()
    heat = model.manifest.target(TONE).temperature
    shares = np.exp(logits / heat) / np.exp(logits / heat).sum()
    assert shared.predictions.predict(MIXED, CASE).target(TONE).probabilities == pytest.approx(shares, abs=1e-5)
    case = known.known[row]
    assert shared.whatif.neighbours.vectors.of_case(model, case) == pytest.approx(known.vectors[row], abs=1e-5)
    assert np.array_equal(known.rows([case, known.known[0]]), known.vectors[[row, 0]])


def test_vectors_are_kept_until_inputs_go(fresh):
    before = placed(fresh)[1]
    assert placed(fresh)[1] is before
    fresh.maintenance.erase(MIXED, CASE, "consent withdrawn", actor=fresh.default_actor)
    after = placed(fresh)[1]
    assert len(after.known) == len(before.known) - 1
    gone = next(case for case in before.known if case.name == CASE)
    assert after.rows([gone]).shape == (0, before.vectors.shape[1])
