"""What of a network trains: its head, the last blocks of its encoders too, or all that its workspace lets train."""

from torch import nn

from core.contracts import Scope
from core.errors import Refused
from core.models.encoders.base import Encoder
from core.models.network import TandemNetwork
from core.models.own.network import OwnNetwork


def open_scope(network: TandemNetwork, scope: Scope) -> None:
    """Let only the parts of `scope` train, in place; `close_scope` puts the rest back.

    Frozen encoders count as trained ones while their last blocks train, so that no vectors of before are kept or read.

    Raises
    ------
    Refused
        When a part of the network has no last block.
    """
    if scope == "all":
        return
    if scope == "last blocks" and isinstance(network, OwnNetwork):
        raise Refused("A model of one's own trains its head alone. Choose the scope 'head' or 'all'.")
    for name in network.fields:
        encoder = network.encoder(name)
        encoder.requires_grad_(False)
        if scope == "last blocks":
            encoder.frozen = False
            for parameter in encoder.last_block():
                parameter.requires_grad_(True)


def close_scope(network: TandemNetwork) -> None:
    """Let everything be as the workspace declares it; the key of a frozen encoder follows its new weights."""
    if isinstance(network, OwnNetwork):
        return
    for name in network.fields:
        encoder = network.encoder(name)
        encoder.frozen = type(encoder).frozen
        encoder.forget_key()
        encoder.requires_grad_(not encoder.frozen)


def trained_parameters(network: TandemNetwork) -> dict[str, nn.Parameter]:
    """Return the weights that train, by name."""
    return {name: tensor for name, tensor in network.named_parameters() if tensor.requires_grad}


def opened_backbones(network: TandemNetwork) -> tuple[str, ...]:
    """Return the fields whose encoder is frozen by nature and trains now."""
    return tuple(name for name in network.fields if _opened(network.encoder(name)))


def _opened(encoder: Encoder) -> bool:
    return type(encoder).frozen and not encoder.frozen
