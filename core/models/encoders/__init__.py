"""Encoders: networks that turn one field into a vector, found by name."""

from core.models.encoders.base import Encoder
from core.models.encoders.registry import build_encoder, encoder_names

__all__ = ["Encoder", "build_encoder", "encoder_names"]
