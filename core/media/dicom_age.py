"""Ages as DICOM writes them."""

import math
import re


def years(age: str) -> float:
    """Return a DICOM age (`061Y`, `006M`, `003W`, `010D`) in years; NaN when it is no age.

    Examples
    --------
    >>> years("006M")
    0.5
    """
    match = re.fullmatch(r"\s*(\d{1,3})\s*([DWMY])\s*", age)
    if match is None:
        return math.nan
    return int(match[1]) / {"Y": 1.0, "M": 12.0, "W": 365.25 / 7, "D": 365.25}[match[2]]
