"""The network that a workspace declares: encoders of Tandem, or a model of one's own."""

from core.contracts import WorkspaceSpec
from core.models.network import TandemNetwork
from core.models.own.network import OwnNetwork


def shape_of(spec: WorkspaceSpec) -> TandemNetwork:
    """Return the network of a workspace without weights of any meaning: stored ones follow.

    Raises
    ------
    BadInput
        When an encoder is unknown or can't read a field, or the code of a model of one's own can't be used.
    """
    return TandemNetwork(spec, load_weights=False) if spec.model is None else OwnNetwork(spec)
