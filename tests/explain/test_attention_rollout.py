"""Attention rollout against answers worked out by hand; models it can watch and models it can't."""

import pytest
import torch
from torch import Tensor, nn

from explain.attention_rollout import AttentionRollout
from explain.errors import ExplainError
from explain.quality import summed
from tests.helpers.subjects import image, subject, tokens
from tests.helpers.tiny_models import BagModel, attention, text

METHOD = AttentionRollout()


class Mixing(nn.Module):
    """Layers of fixed attention weights [H, T, T], each shown by a softmax module, with marks around the text."""

    def __init__(self, *layers: Tensor, marks: tuple[int, int] = (0, 0)) -> None:
        super().__init__()
        self.scores = [layer.log() for layer in layers]
        self.weigh = nn.ModuleList(nn.Softmax(dim=-1) for _ in layers)
        self.marks = marks
        self.head = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.pad(x, (0, 0, *self.marks))
        for scores, weigh in zip(self.scores, self.weigh, strict=True):
            x = (x + (weigh(scores.expand(len(x), *scores.shape)) @ x[:, None]).mean(dim=1)) / 2
        return self.head(x.mean(dim=1))


class Encoding(nn.Module):
    """Torch's own encoder layers; padding is not attended to."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        padding = torch.arange(x.shape[1]).expand(len(x), -1) >= 5
        return self.head(self.layers(x, src_key_padding_mask=padding)[:, :5].mean(dim=1))


FIRST = torch.tensor([[[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.2, 0.2, 0.6]]])
ONE_HEAD = [[0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.4, 0.6]]
OTHER_HEAD = [[0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [0.4, 0.0, 0.6]]
SECOND = torch.tensor([ONE_HEAD, OTHER_HEAD])


def test_two_layers_worked_out_by_hand() -> None:
    case, words = subject(Mixing(FIRST, SECOND).eval(), ("text",), 2), torch.ones(1, 3, 2)
    first = torch.tensor([[1.0, 0.0, 0.0], [0.25, 0.75, 0.0], [0.1, 0.1, 0.8]])
    second = torch.tensor([[0.75, 0.25, 0.0], [0.0, 1.0, 0.0], [0.1, 0.1, 0.8]])
    result = METHOD.explain(case, (words,), 0)
    torch.testing.assert_close(summed(result.values[0]), (second @ first).mean(dim=0))
    assert float(result.values[0].sum()) == pytest.approx(1.0)
    assert torch.equal(METHOD.explain(case, (words,), 1).values[0], result.values[0])


def test_marks_around_the_text_take_their_part_and_are_not_shown() -> None:
    weights = torch.full((1, 5, 5), 0.2)
    case = subject(Mixing(weights, marks=(1, 1)).eval(), ("text",), 2)
    shares = summed(METHOD.explain(case, (torch.ones(1, 3, 2),), 0).values[0])
    assert shares.tolist() == pytest.approx([0.2] * 3)  # the two marks hold the rest


def test_a_model_that_cuts_the_padding_off_is_followed() -> None:
    class Cutting(Mixing):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x[:, :3])

    case, words = (
        subject(Cutting(FIRST).eval(), ("text",), 2),
        torch.cat([torch.ones(1, 3, 2), torch.zeros(1, 2, 2)], 1),
    )
    shares = summed(METHOD.explain(case, (words,), 0).values[0])
    assert shares.tolist() == pytest.approx([(1 + 0.25 + 0.1) / 3, 0.85 / 3, 0.8 / 3, 0.0, 0.0])


def test_torchs_own_layers_are_made_to_show_their_weights() -> None:
    model, words = Encoding().eval(), tokens()
    case = subject(model, ("text",), 2)
    assert METHOD.is_compatible(case, (words,))
    result = METHOD.explain(case, (words,), 0)
    flow, read = torch.eye(7), words
    padding = (torch.arange(7) >= 5)[None]
    with torch.no_grad():
        for layer in model.layers.layers:
            _, weights = layer.self_attn(read, read, read, key_padding_mask=padding)  # [1, T, T], mean over heads
            flow = (weights[0] + torch.eye(7)) / 2 @ flow
            read = layer(read, src_key_padding_mask=padding)
    torch.testing.assert_close(summed(result.values[0])[:5], flow[:5, :5].mean(dim=0), rtol=1e-4, atol=1e-5)
    assert not result.values[0][5:].any()


def test_a_plain_attention_module_is_enough() -> None:
    assert METHOD.is_compatible(subject(text(), ("text",), 2), (tokens(),))


def test_models_without_attention_on_a_text_are_refused() -> None:
    for case, inputs in (
        (subject(BagModel(), ("text",), 2), (tokens(width=2),)),
        (subject(attention(), ("image",), 2), (image(),)),
        (subject(Mixing(FIRST).eval(), ("text",), 2), (torch.zeros(1, 3, 2),)),
        (subject(Mixing(torch.full((1, 6, 6), 1 / 6), marks=(3, 0)).eval(), ("text",), 2), (torch.ones(1, 3, 2),)),
    ):
        assert not METHOD.is_compatible(case, inputs)
        with pytest.raises(ExplainError, match=r"Attention rollout needs .*Try integrated gradients or occlusion"):
            METHOD.explain(case, inputs, 0)
