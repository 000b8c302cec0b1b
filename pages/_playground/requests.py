"""What a program asks, checked: wrong types are refused before any work."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from core.contracts import Confidence
from core.errors import BadInput

Name = Annotated[str, Field(min_length=1, max_length=200)]
Inputs = dict[str, JsonValue]


class Question(BaseModel):
    """Base of every request: unknown arguments are refused, texts are not turned into numbers."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Asked = TypeVar("Asked", bound=Question)


class PredictRequest(Question):
    """What to predict: a stored case, or inputs of one's own."""

    workspace: Name
    case: Name | None = Field(None, description="Name of a stored case.")
    inputs: Inputs | None = Field(
        None, description="Field -> number, text, null where it is missing, or an image file as base64."
    )


class ExplainRequest(PredictRequest):
    """What to explain."""

    method: Name | None = Field(None, description="Explanation method; the best that fits when left out.")
    label: Name | None = Field(None, description="Explain this label; the model's answer when left out.")
    target: Name | None = Field(None, description="Needed where the workspace has several targets.")


class NextCaseRequest(Question):
    """Whose queue to take from."""

    workspace: Name
    after: Name | None = Field(None, description="Skip this case: the one that was given before.")


class VerdictRequest(Question):
    """A verdict with what the model should ignore."""

    workspace: Name
    case: Name
    label: Name = Field(description="One of the target's classes, or `unsure`.")
    target: Name | None = Field(None, description="Needed where the workspace has several targets.")
    confidence: Confidence = "certain"
    comment: str = ""
    ignore: list[Name] | Inputs | None = Field(
        None,
        description="Names of fields or words of a text; or field -> true (all of it), [start, end] code points of a "
        "text, or a mask: a PNG of the image's size as base64, not black where marked.",
    )
    artefact: Name | None = Field(None, description="Name for the ignored thing.")
    idempotency_key: Name | None = Field(None, description="Sending the same key again changes nothing.")


def checked(kind: type[Asked], **arguments: object) -> Asked:
    """Return the request that `arguments` make.

    Raises
    ------
    BadInput
        Names each argument that has a wrong type.
    """
    try:
        return kind.model_validate(arguments)
    except ValidationError as error:
        raise BadInput(sentence(error.errors())) from None


def sentence(problems: Sequence[Mapping[str, Any]]) -> str:
    """Return pydantic's problems as one sentence, without repeating what was sent."""
    parts = [f"{'.'.join(map(str, one['loc'])).removeprefix('body.')}: {one['msg']}" for one in problems]
    return f"The request can't be used. {'; '.join(dict.fromkeys(parts))}."
