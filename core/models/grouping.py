"""Which group of an attribute a case is in."""

from collections.abc import Mapping

JOINT = " & "
"""Joins attributes, and groups, of an intersection."""


def group_of(attributes: Mapping[str, str], attribute: str) -> str | None:
    """Return the group of a case for an attribute, or for several joined by ` & `; None where one is unknown.

    Examples
    --------
    >>> group_of({"sex": "F", "view": "AP"}, "view & sex")
    'AP & F'
    """
    parts = [attributes.get(name) for name in attribute.split(JOINT)]
    return None if any(not part for part in parts) else JOINT.join(str(part) for part in parts)
