"""Outcomes and reads for the tests of the team's measures, small and known."""

import numpy as np

from core.team.deferral.base import Reads
from core.team.outcomes import Outcomes


def outcomes(*rows: tuple[int, int, int, int], readers=None, groups=None, seconds=None) -> Outcomes:
    """Outcomes of (truth, read, answer, verdict), one case each, read by R1."""
    table = np.asarray(rows, dtype=np.int64).reshape(len(rows), 4)
    count = len(rows)
    return Outcomes(
        np.asarray(readers or ["R1"] * count), np.arange(count), np.asarray(groups or [f"g{i}" for i in range(count)]),
        *table.T, np.asarray(seconds or [10.0] * count),
    )  # fmt: skip


def simulated_reads(count: int = 300, seed: int = 0, readers: int = 3) -> Reads:
    """Reads of two-class cases: the model's certainty is honest, and people are better where an attribute is set.

    Two of three groups hold two cases; every fifth case is read by two.
    """
    generator = np.random.default_rng(seed)
    cases = np.sort(np.concatenate([np.arange(count), np.arange(0, count, 5)]))
    truth = generator.integers(0, 2, count)
    certainty, attribute = generator.uniform(0.5, 1.0, count), generator.integers(0, 2, count)
    answer = np.where(generator.random(count) < certainty, truth, 1 - truth)
    skill = np.where(attribute == 1, 0.95, 0.6)[cases]
    read = np.where(generator.random(len(cases)) < skill, truth[cases], 1 - truth[cases])
    rows = np.where(np.arange(2)[None] == answer[:, None], certainty[:, None], 1 - certainty[:, None])
    group = np.arange(count) * 3 // 5
    return Reads(
        readers=np.asarray([f"R{1 + i % readers}" for i in range(len(cases))]), cases=cases,
        groups=np.asarray([f"p{i}" for i in group])[cases], truth=truth[cases], read=read,
        probabilities=rows[cases], answer=answer[cases],
        set_size=np.where(certainty < 0.9, 2, 1)[cases], attributes=attribute[cases, None].astype(float),
        seconds=generator.gamma(4.0, 5.0, len(cases)),
    )  # fmt: skip
