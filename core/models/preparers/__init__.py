"""Turning decoded values into network inputs, one module per kind of field, found through the registry."""

from core.models.preparers.base import Array, Preparer, Value
from core.models.preparers.registry import PREPARERS, preparation_key, prepare, preparer

__all__ = ["PREPARERS", "Array", "Preparer", "Value", "preparation_key", "prepare", "preparer"]
