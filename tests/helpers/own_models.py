"""Models of one's own, good and bad, as a workspace names them: `tests.helpers.own_models:FUNCTION`."""

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

HERE = "tests.helpers.own_models"
SIDE = 12


class Convolutional(nn.Module):
    """A grey image [B, 1, 12, 12] to two logits."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.AvgPool2d(3))
        self.fc = nn.Linear(4 * 16, 2)

    def forward(self, image: Tensor) -> Tensor:
        seen = self.features(image)
        return self.fc(seen.view(len(seen), -1))


class Mixed(nn.Module):
    """An image, a number, a category of three and a text to two targets of two and three classes."""

    def __init__(self) -> None:
        super().__init__()
        self.image = nn.Sequential(nn.Flatten(), nn.Linear(SIDE * SIDE, 6), nn.Tanh())
        self.words = nn.EmbeddingBag(50, 4, padding_idx=0)
        self.head = nn.Linear(6 + 1 + 3 + 4, 5)

    def forward(self, image: Tensor, age: Tensor, colour: Tensor, note: Tensor) -> dict[str, Tensor]:
        words = self.words(torch.where(note > 0, note % 49 + 1, 0))
        parts = [self.image(image), age.nan_to_num(40.0) / 100, colour, words]
        both = self.head(torch.cat(parts, dim=1))
        return {"finding": both[:, :2], "view": both[:, 2:]}


class Pair(nn.Module):
    """An image and a number to two logits; a product of both, so that neither acts alone."""

    def __init__(self, bias: bool = False) -> None:
        super().__init__()
        self.image = nn.Linear(SIDE * SIDE, 4)
        self.head = nn.Linear(5, 2, bias=bias)

    def forward(self, image: Tensor, age: Tensor) -> tuple[Tensor]:
        known = age.nan_to_num(0.0) / 10
        return (self.head(torch.cat([self.image(image.flatten(1)) * known, known], dim=1)),)


class Changed(Convolutional):
    """A convolutional model with one fault, chosen by name."""

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.fault = fault
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, image: Tensor) -> object:
        if self.fault == "input":
            image.mul_(0.5)
        if self.fault == "weights":
            self.seen += 1
        logits = super().forward(image)
        answers = {
            "shape": lambda: torch.cat([logits, logits], dim=1),
            "rows": lambda: logits.mean(dim=0, keepdim=True),
            "nan": lambda: logits / (image.sum(dim=(1, 2, 3)) * 0).unsqueeze(1),
            "words": lambda: "above",
            "dropout": lambda: functional.dropout(logits, 0.5, training=True),
            "batch": lambda: functional.batch_norm(logits, None, None, training=True) if len(logits) > 1 else logits,
            "after": lambda: logits.softmax(dim=1),
            "borrowed": lambda: functional.linear(self.features(image).flatten(1), self.fc.weight),
            "raises": lambda: logits.view(7, 7, 7),
            "detached": lambda: logits.detach(),
        }
        return answers.get(self.fault, lambda: logits)()


class Tied(nn.Module):
    """Two layers that share one tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.again = nn.Linear(SIDE, SIDE, bias=False), nn.Linear(SIDE, SIDE, bias=False)
        self.again.weight = self.first.weight
        self.fc = nn.Linear(SIDE, 2)

    def forward(self, image: Tensor) -> Tensor:
        return self.fc(self.again(self.first(image.mean(dim=(1, 2)))))


def tied() -> nn.Module:
    """Return it with fixed weights."""
    torch.manual_seed(3)
    return Tied()


def convolutional() -> nn.Module:
    """Return it with fixed weights."""
    torch.manual_seed(0)
    return Convolutional()


def mixed() -> nn.Module:
    """Return it with fixed weights."""
    torch.manual_seed(1)
    return Mixed()


def pair() -> nn.Module:
    """Return it with fixed weights."""
    torch.manual_seed(2)
    return Pair()


def biased_pair() -> nn.Module:
    """Return it with a bias in its head and fixed weights."""
    torch.manual_seed(2)
    return Pair(bias=True)


def faulty(fault: str):
    """Return a function that builds a model with a fault."""

    def build() -> nn.Module:
        torch.manual_seed(0)
        return Changed(fault)

    return build


shape, rows, nan, words = (faulty(fault) for fault in ("shape", "rows", "nan", "words"))
dropout, batch, after, raises = (faulty(fault) for fault in ("dropout", "batch", "after", "raises"))
input_changed, weights_changed, detached = (faulty(fault) for fault in ("input", "weights", "detached"))
borrowed = faulty("borrowed")
not_callable = 3


def no_module() -> str:
    """Return something else."""
    return "a model"


def fails() -> nn.Module:
    """Fail."""
    raise ValueError("no such layer")


def exits() -> nn.Module:
    """Code that ends the program, and says much."""
    raise SystemExit("so long " * 1000)


def weights_of(module: nn.Module) -> bytes:
    """Return its safetensors bytes, of each shared tensor a copy."""
    return save({name: tensor.clone() for name, tensor in module.state_dict().items()})
