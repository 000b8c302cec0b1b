"""Rows of one batch."""

import torch

from explain.batches import rows_for, rows_in


def test_a_batch_on_a_cpu_stays_in_the_cache() -> None:
    assert rows_for((torch.zeros(1, 3, 224, 224),)) == 8
    assert rows_for((torch.zeros(1, 1, 448, 448),)) == 2
    assert rows_for((torch.zeros(1, 1, 2000, 2000),)) == 1
    assert rows_for((torch.zeros(1, 12), torch.zeros(1, 3))) == 256


def test_a_batch_on_a_gpu_is_an_eighth_of_its_memory() -> None:
    assert rows_in(8 * 2048 * 100, 50) == 2
    assert rows_in(8 * 2048 * 100, 101) == 1
    assert rows_in(0, 224 * 224) == 1
    assert rows_in(2**40, 1) == 256
