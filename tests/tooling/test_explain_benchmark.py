"""The parts of `bench explain`: pictures where there are no radiographs, Captum on what is known by hand."""

import csv

import pytest
import torch

from explain.assessment.questions import Question
from tests.benchmarks import explain as bench
from tests.benchmarks._pictures import pictures
from tests.helpers.subjects import subject
from tests.helpers.tiny_models import LinearModel


def question() -> Question:
    inputs, baselines = (torch.tensor([[1.0, 2.0, 3.0]]),), (torch.zeros(1, 3),)
    return Question(subject(LinearModel(), ("numeric",), 2), inputs, 0, 1, baselines)


def test_pieces_of_photographs_stand_in_for_radiographs(tmp_path):
    with pictures(tmp_path, 6) as folder:
        with (folder / "cases.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert sorted(row["finding"] for row in rows) == ["no_finding"] * 3 + ["pneumonia"] * 3
        assert all((folder / row["image"]).is_file() for row in rows)
        assert len({(folder / row["image"]).read_bytes() for row in rows}) == 6


def test_captum_stops_doubling_where_its_error_is_small():
    ours, captums = bench._one_case(LinearModel().eval(), question())
    assert captums.steps == 50
    assert captums.error < 1e-5
    assert captums.values.tolist() == pytest.approx([1.0, -4.0, 9.0])
    assert bench._cosine(ours.values[0], captums.values) == pytest.approx(1.0)


def test_threads_that_answer_alike_are_said_to():
    figures = bench._threads([question()] * 4)
    assert figures["threads8_identical"].value == 1.0
    assert figures["threads8_identical"].n == 4


def test_the_median_has_its_interval():
    figure = bench._median([1.0, 2.0, 9.0])
    assert (figure.value, figure.low, figure.high, figure.n) == (2.0, 1.0, 9.0, 3)
