"""Tiny models whose explanations can be worked out by hand."""

import torch
from torch import Tensor, nn


class LinearModel(nn.Module):
    """Two logits of three numbers: W x + c with W = [[1, -2, 3], [0, 1, 0]], c = [0.5, 0]."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)
        with torch.no_grad():
            self.layer.weight.copy_(torch.tensor([[1.0, -2.0, 3.0], [0.0, 1.0, 0.0]]))
            self.layer.bias.copy_(torch.tensor([0.5, 0.0]))

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)


class KinkModel(nn.Module):
    """Logit 0 is relu(x0 - 0.3) + 2 x1: from zero to (1, 1) its gradient jumps at 0.3 of the path."""

    def forward(self, x: Tensor) -> Tensor:
        logit = torch.relu(x[:, 0] - 0.3) + 2 * x[:, 1]
        return torch.stack([logit, -logit], dim=1)


class StepModel(nn.Module):
    """A hard threshold: connected to the input, yet its gradient is zero everywhere."""

    def forward(self, x: Tensor) -> Tensor:
        high = torch.sign(x.sum(dim=1) - 0.25)
        return torch.stack([high, -high], dim=1)


class DetachedModel(nn.Module):
    """No graph from the answer to the input."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([x.detach().sum(dim=1), -x.detach().sum(dim=1)], dim=1)


class FailingModel(nn.Module):
    """Fails in the middle of the network as soon as there is a graph or more than one row."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 2, 3, padding=1)
        self.second = nn.Linear(2 * 64, 2)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.first(x).flatten(1)
        if hidden.requires_grad or len(x) > 1 or (x == 0).any():
            raise RuntimeError("broken on purpose")
        return self.second(hidden)


class HungryModel(nn.Module):
    """Runs out of memory when it is given more than `most` rows."""

    def __init__(self, inner: nn.Module, most: int) -> None:
        super().__init__()
        self.inner = inner
        self.most = most

    def forward(self, *inputs: Tensor) -> Tensor:
        if len(inputs[0]) > self.most:
            raise torch.OutOfMemoryError(f"{len(inputs[0])} rows are more than {self.most}")
        return self.inner(*inputs)


class FusionModel(nn.Module):
    """An image [1, 8, 8] and three numbers to two logits."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2))
        self.head = nn.Linear(4 * 16 + 3, 2)

    def forward(self, image: Tensor, numbers: Tensor) -> Tensor:
        return self.head(torch.cat([self.convolution(image).flatten(1), numbers], dim=1))


class AttentionModel(nn.Module):
    """A convolution makes patches, attention works on the tokens: there is no last convolutional map."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, 8, 2, stride=2)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        mixed, _ = self.attention(tokens, tokens, tokens, need_weights=False)
        return self.head(mixed.mean(dim=1))


class TableModel(nn.Module):
    """An age and a one-hot category of three: logit 0 is 2 age + age x (1, -1, 0.5) + (0, 3, 0) of the category."""

    def forward(self, age: Tensor, category: Tensor) -> Tensor:
        slope = category @ torch.tensor([1.0, -1.0, 0.5])
        logit = 2 * age[:, 0] + age[:, 0] * slope + category @ torch.tensor([0.0, 3.0, 0.0])
        return torch.stack([logit, -logit], dim=1)


class BagModel(nn.Module):
    """Token embeddings [T, 2]: logit 0 is the sum over tokens of e0 - 2 e1, plus 0.5 for each that is not padding."""

    def forward(self, tokens: Tensor) -> Tensor:
        real = tokens.any(dim=2).float()
        logit = (tokens @ torch.tensor([1.0, -2.0])).sum(dim=1) + 0.5 * real.sum(dim=1)
        return torch.stack([logit, -logit], dim=1)


class TextModel(nn.Module):
    """Attention over token embeddings [T, 4] to two logits."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.head = nn.Linear(4, 2)

    def forward(self, tokens: Tensor) -> Tensor:
        mixed, _ = self.attention(tokens, tokens, tokens, need_weights=False)
        return self.head(torch.tanh(mixed).sum(dim=1))


class EveryKindModel(nn.Module):
    """An image [1, 8, 8], a number, a category of three and a text [T, 4] to two logits, with products between them."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.AvgPool2d(4))
        self.text = nn.Linear(4, 3)
        self.trunk = nn.Linear(16 + 1 + 3 + 3, 8)
        self.head = nn.Linear(8, 2)

    def forward(self, image: Tensor, number: Tensor, category: Tensor, tokens: Tensor) -> Tensor:
        parts = [self.convolution(image).flatten(1), number, category, torch.tanh(self.text(tokens)).sum(dim=1)]
        return self.head(torch.tanh(self.trunk(torch.cat(parts, dim=1))))


def mlp(inputs: int = 6, classes: int = 3) -> nn.Module:
    """Return a smooth network with fixed random weights."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(inputs, 16), nn.Tanh(), nn.Linear(16, 8), nn.GELU(), nn.Linear(8, classes)).eval()


def relu_mlp(inputs: int = 64, classes: int = 3) -> nn.Module:
    """Return a network of many kinks with fixed random weights; takes images too."""
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Flatten(), nn.Linear(inputs, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, classes)
    ).eval()


def convolutional(channels: int = 1, classes: int = 3) -> nn.Module:
    """Return a small convolutional network with batch normalisation and fixed random weights."""
    torch.manual_seed(2)
    return nn.Sequential(
        nn.Conv2d(channels, 6, 3, padding=1),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 8, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, classes),
    ).eval()


def fusion() -> FusionModel:
    """Return the two-input network with fixed random weights."""
    torch.manual_seed(3)
    return FusionModel().eval()


def attention() -> AttentionModel:
    """Return the token network with fixed random weights."""
    torch.manual_seed(4)
    return AttentionModel().eval()


def text() -> TextModel:
    """Return the network over token embeddings with fixed random weights."""
    torch.manual_seed(5)
    return TextModel().eval()


def every_kind() -> EveryKindModel:
    """Return the network of all kinds of input with fixed random weights."""
    torch.manual_seed(6)
    return EveryKindModel().eval()
