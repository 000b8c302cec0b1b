"""Questions to explainers, made from the tiny models."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from explain.base import Subject
from tests.helpers import tiny_models


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A model and one case for it."""

    name: str
    subject: Subject
    inputs: tuple[Tensor, ...]


def image(channels: int = 1, side: int = 8, seed: int = 0) -> Tensor:
    """Return a random image [1, C, side, side] in 0..1."""
    return torch.rand(1, channels, side, side, generator=torch.Generator().manual_seed(seed))


def numbers(count: int, seed: int = 0) -> Tensor:
    """Return random numbers [1, count]."""
    return torch.randn(1, count, generator=torch.Generator().manual_seed(seed))


def category(count: int = 3, chosen: int = 1) -> Tensor:
    """Return a one-hot category [1, count]."""
    return torch.eye(count)[chosen : chosen + 1]


def tokens(count: int = 5, width: int = 4, padding: int = 2, seed: int = 0) -> Tensor:
    """Return random token embeddings [1, count + padding, width] whose last rows are padding, all zeros."""
    words = torch.randn(1, count, width, generator=torch.Generator().manual_seed(seed))
    return torch.cat([words, torch.zeros(1, padding, width)], dim=1)


def subject(module: nn.Module, kinds: tuple[str, ...], classes: int, output_sd: float = 1.0) -> Subject:
    """Return a subject whose classes all have the same spread."""
    return Subject(module, kinds, (output_sd,) * classes)


def with_background(question: Question, count: int = 4) -> Question:
    """Return the question with other cases drawn at random: images in 0..1, one-hot categories, texts without gaps."""
    others = []
    for number, (kind, item) in enumerate(zip(question.subject.kinds, question.inputs, strict=True)):
        generator = torch.Generator().manual_seed(100 + number)
        if kind == "image":
            others.append(torch.rand(count, *item.shape[1:], generator=generator))
        elif kind == "categorical":
            others.append(torch.eye(item.shape[1])[torch.randint(item.shape[1], (count,), generator=generator)])
        else:
            others.append(torch.randn(count, *item.shape[1:], generator=generator))
    return replace(question, subject=replace(question.subject, background=tuple(others)))


def questions() -> tuple[Question, ...]:
    """Return one question for each kind of model that a method meets."""
    plain = (
        Question("linear", subject(tiny_models.LinearModel(), ("numeric",), 2), (torch.tensor([[1.0, 2.0, 3.0]]),)),
        Question("smooth", subject(tiny_models.mlp(), ("numeric",), 3), (numbers(6),)),
        Question("relu on an image", subject(tiny_models.relu_mlp(), ("image",), 3), (image(),)),
        Question("convolutional", subject(tiny_models.convolutional(3), ("image",), 3), (image(3),)),
        Question("fusion", subject(tiny_models.fusion(), ("image", "numeric"), 2), (image(), numbers(3))),
        Question("table", subject(tiny_models.TableModel(), ("numeric", "categorical"), 2), (numbers(1), category())),
        Question("text", subject(tiny_models.text(), ("text",), 2), (tokens(),)),
        Question(
            "every kind",
            subject(tiny_models.every_kind(), ("image", "numeric", "categorical", "text"), 2),
            (image(), numbers(1), category(), tokens()),
        ),
        Question("attention", subject(tiny_models.attention(), ("image",), 2), (image(),)),
    )
    return tuple(with_background(question) for question in plain)
