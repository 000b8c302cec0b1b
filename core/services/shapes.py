"""Results as the JSON objects that the command line, the API and MCP share."""

import base64
import io
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from core.contracts import CaseView, FieldView, Prediction

if TYPE_CHECKING:
    from core.services.predictions import ExplainedCase

Json = dict[str, object]


def prediction_object(case: str | None, prediction: Prediction) -> Json:
    """Return a prediction as JSON; `case` is None for inputs that are no stored case."""
    targets = {
        answer.target: {
            "probabilities": dict(zip(answer.classes, answer.probabilities, strict=True)),
            "set": list(answer.answer_set),
            "defers": answer.defers,
            "reason": answer.reason,
        }
        for answer in prediction.targets
    }
    return {"case": case, "version": prediction.version, "targets": targets}


def explanation_object(explained: "ExplainedCase", attributions: Mapping[str, object] | None = None) -> Json:
    """Return an explanation as JSON.

    `attributions` replaces the arrays of image fields, by names of files say; by default each becomes the `.npy`
    file itself (height x width of the EXIF-corrected original) as a base64 data URL.
    """
    return {
        "case": explained.case,
        "version": explained.version,
        "method": explained.method,
        "target": explained.target,
        "label": explained.label,
        "completeness_error": explained.completeness_error,
        "attributions": attributions or {field: _inline(value) for field, value in explained.attributions.items()},
    }


def case_object(view: CaseView) -> Json:
    """Return an opened case as JSON: inputs, targets and their labels; nothing of the model's answer."""
    return {
        "workspace": view.workspace,
        "case": view.name,
        "waiting": view.waiting,
        "why": view.why,
        "fields": {field.name: _field_object(field) for field in view.fields},
        "targets": {target.name: [choice.value for choice in target.choices] for target in view.targets},
    }


def _field_object(field: FieldView) -> Json:
    value: object = field.number if field.kind == "numeric" else field.text
    if field.image is not None:
        value = data_url(field.media_type, field.image)
    described: Json = {"kind": field.kind, "title": field.title, "value": value}
    if field.unit:
        described["unit"] = field.unit
    if field.kind == "image":
        described |= {"width": field.width, "height": field.height}
    return described


def finite(value: object) -> object:
    """Return a value as JSON can hold it: what is not a finite number becomes null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def data_url(media_type: str, data: bytes) -> str:
    """Return bytes as a `data:` URL."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def _inline(value: object) -> object:
    if not isinstance(value, np.ndarray):
        return value
    buffer = io.BytesIO()
    np.save(buffer, value, allow_pickle=False)
    return data_url("application/x-npy", buffer.getvalue())
