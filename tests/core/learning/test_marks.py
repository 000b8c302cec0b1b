"""What is done with marked content, pixel by pixel."""

import torch

from core.learning.marks import blend, paste, swap, tensors
from tests.helpers.learning_parts import DEVICE, marked_of
from tests.helpers.model_parts import cases_of, spec_of


def _images(count):
    values = torch.arange(count, dtype=torch.float32).view(-1, 1, 1, 1)
    return {"image": values.expand(count, 1, 4, 4).clone()}


def _corner(count):
    mask = torch.zeros((count, 1, 4, 4), dtype=torch.bool)
    mask[:, :, :2, :2] = True
    return {"image": mask}


def test_blend_takes_marked_pixels_from_the_donor_and_the_rest_from_the_case():
    result = blend(_images(2), {"image": torch.full((2, 1, 4, 4), 9.0)}, _corner(2))["image"]
    assert (result[:, :, :2, :2] == 9).all()
    assert (result[1, :, 2:, :] == 1).all()


def test_blend_leaves_unmarked_fields_alone():
    inputs = {**_images(2), "age": torch.tensor([1.0, 2.0])}
    assert torch.equal(blend(inputs, inputs, _corner(2))["age"], inputs["age"])


def test_no_case_keeps_its_own_content_and_all_content_stays_in_the_batch():
    for seed in range(20):
        result = swap(_images(5), _corner(5), torch.Generator().manual_seed(seed))["image"]
        inside = result[:, 0, 0, 0]
        assert (inside != torch.arange(5.0)).all()
        assert sorted(inside.tolist()) == [0, 1, 2, 3, 4]
        assert torch.equal(result[:, 0, 3, 3], torch.arange(5.0))


def test_a_single_case_can_not_be_swapped():
    assert torch.equal(swap(_images(1), _corner(1), torch.Generator())["image"], _images(1)["image"])


def test_paste_puts_the_marked_row_at_its_own_place():
    spec = spec_of()
    marked, ledger = marked_of(spec, 3), cases_of(spec, 2, seed=9)
    rows = torch.tensor([2, 0])
    result = paste(tensors(ledger, DEVICE), marked, rows, DEVICE)["image"]
    donors, own = tensors(marked.examples, DEVICE)["image"][rows], tensors(ledger, DEVICE)["image"]
    assert torch.equal(result[:, :, :2, :2], donors[:, :, :2, :2])
    assert torch.equal(result[:, :, 2:, :], own[:, :, 2:, :])


def test_rows_of_one_artefact():
    marked = marked_of(spec_of(), 3)
    assert len(marked.of_artefact("corner")) == 3
    assert len(marked.of_artefact("other")) == 0
    assert len(marked.with_ignore()) == 3
