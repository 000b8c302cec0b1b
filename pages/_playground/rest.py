"""The plain JSON routes: one POST, one answer, real status codes. Described at `/playground/api/openapi.json`."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from core.errors import TandemError
from core.services.shapes import finite
from pages._playground.outcomes import actor_in, status_of, words_of
from pages._playground.requests import ExplainRequest, NextCaseRequest, PredictRequest, VerdictRequest, sentence
from pages._playground.verbs import Verbs

ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"description": "An input that can't be used."},
    401: {"description": "No token, or one that is unknown or revoked."},
    403: {"description": "The policy forbids it, or the request came from another site."},
    404: {"description": "No such workspace, case, target, label or method."},
    409: {"description": "The present state does not allow it."},
    413: {"description": "The request is too large."},
    422: {"description": "A wrong type, or an argument that is unknown or missing."},
    503: {"description": "Can't serve now."},
}


def router(verbs: Verbs) -> APIRouter:
    """Return the five routes."""
    routes = APIRouter(prefix="/api", responses=ERRORS)

    @routes.post("/predict", summary="Ask the champion about a case")
    def predict(asked: PredictRequest, request: Request) -> dict[str, Any]:
        """Calibrated probabilities, the set that can't be ruled out, and whether it defers to a person.

        A program is no reader: a case that people still have to read is answered too. Keep that answer from them
        until they have read it.
        """
        actor_in(request.scope)
        return plain(verbs.predict(asked))

    @routes.post("/explain", summary="Ask what an answer rests on")
    def explain(asked: ExplainRequest, request: Request) -> dict[str, Any]:
        """One attribution a field: a number, spans of a text, or the `.npy` file of an image as a data URL.

        A program is no reader: a case that people still have to read is explained too. Keep that from them until
        they have read it.
        """
        actor_in(request.scope)
        return plain(verbs.explain(asked))

    @routes.post("/next_case", summary="Take the next waiting case")
    def next_case(asked: NextCaseRequest, request: Request) -> dict[str, Any]:
        """Claim a case and return its inputs, without anything of the model's answer."""
        return plain(verbs.next_case(asked, actor_in(request.scope)))

    @routes.post("/record_verdict", summary="Say what is right")
    def record_verdict(asked: VerdictRequest, request: Request) -> dict[str, Any]:
        """Record a verdict as `service:NAME`, with what the model should ignore."""
        return plain(verbs.record_verdict(asked, actor_in(request.scope)))

    @routes.post("/status", summary="How every workspace stands")
    def status(request: Request) -> dict[str, Any]:
        """Champion, cases, waiting, and figures on cases that no model trained on."""
        actor_in(request.scope)
        return plain(verbs.status())

    return routes


def plain(result: Mapping[str, object]) -> dict[str, Any]:
    """Return a result that JSON can hold."""
    return {key: finite(value) for key, value in result.items()}


def handle_errors(app: FastAPI) -> None:
    """Turn every error into `{"error": sentence}` with its status."""

    @app.exception_handler(TandemError)
    def told(_: Request, error: TandemError) -> JSONResponse:
        return JSONResponse({"error": words_of(error)}, status_of(error))

    @app.exception_handler(Exception)
    def unexpected(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": words_of(error)}, 500)

    @app.exception_handler(RequestValidationError)
    def wrong(_: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"error": sentence(list(error.errors()))}, 422)

    @app.exception_handler(HTTPException)
    def refused(_: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": f"{error.detail}."}, error.status_code, headers=error.headers)
