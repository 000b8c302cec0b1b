"""The same five as Gradio API endpoints and MCP tools.

Gradio reads names, types and the `Args:` part of the docstrings and shows them to programs. None of them waits in
Gradio's queue: the engine batches and bounds them itself.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

import gradio as gr

from pages._playground.outcomes import actor_in, words_of
from pages._playground.requests import ExplainRequest, NextCaseRequest, PredictRequest, VerdictRequest, checked
from pages._playground.rest import plain
from pages._playground.verbs import Verbs


class ToolError(gr.Error):
    """An error that reads as its sentence; Gradio's own puts it in quotation marks."""

    def __str__(self) -> str:
        return str(self.message)


class Tools:
    """What Gradio offers to programs."""

    def __init__(self, verbs: Verbs) -> None:
        self._verbs = verbs

    def offer(self) -> None:
        """Add the endpoints to the Blocks that are being built."""
        for tool in (self.predict, self.explain, self.next_case, self.record_verdict, self.status):
            gr.api(tool, api_name=tool.__name__, queue=False)

    def predict(self, request: gr.Request, workspace: str, case: str | None = None, inputs: dict | None = None) -> dict:
        """Ask a workspace's model about a stored case, or about inputs of your own.

        Returns calibrated probabilities, the set of labels that can't be ruled out, and whether the model defers to
        a person. A program is no reader: a case that people still have to read is answered too. Keep that answer
        from them until they have read it.

        Args:
            workspace: Name of the workspace; the tool status lists them.
            case: Name of a stored case. Send either case or inputs.
            inputs: Field -> number, text, null where it is missing, or an image file as base64.
        """
        return _told(
            request,
            lambda _: self._verbs.predict(checked(PredictRequest, workspace=workspace, case=case, inputs=inputs)),
        )

    def explain(
        self,
        request: gr.Request,
        workspace: str,
        case: str | None = None,
        inputs: dict | None = None,
        method: str | None = None,
        label: str | None = None,
        target: str | None = None,
    ) -> dict:
        """Ask what the model's answer rests on.

        Returns one attribution a field: a number, [start, end, value] of the words of a text, or the .npy file of an
        image (height x width) as a data URL. A program is no reader: a case that people still have to read is
        explained too. Keep that from them until they have read it.

        Args:
            workspace: Name of the workspace.
            case: Name of a stored case. Send either case or inputs.
            inputs: Field -> number, text, null where it is missing, or an image file as base64.
            method: Explanation method such as integrated_gradients; the best that fits when left out.
            label: Explain this label; the model's answer when left out.
            target: Needed where the workspace has several targets.
        """
        return _told(
            request,
            lambda _: self._verbs.explain(
                checked(
                    ExplainRequest,
                    workspace=workspace,
                    case=case,
                    inputs=inputs,
                    method=method,
                    label=label,
                    target=target,
                )
            ),
        )

    def next_case(self, request: gr.Request, workspace: str, after: str | None = None) -> dict:
        """Take the next case that waits for a verdict, and claim it; nothing of the model's answer is in it.

        Args:
            workspace: Name of the workspace.
            after: Skip this case: the one that was given before.
        """
        return _told(
            request,
            lambda actor: self._verbs.next_case(checked(NextCaseRequest, workspace=workspace, after=after), actor),
        )

    def record_verdict(
        self,
        request: gr.Request,
        workspace: str,
        case: str,
        label: str,
        target: str | None = None,
        confidence: Literal["guess", "likely", "certain"] = "certain",
        comment: str = "",
        ignore: list | dict | None = None,
        artefact: str | None = None,
        idempotency_key: str | None = None,
    ) -> dict:
        """Say what is right for a case, and what the model should not use. It is on record when this returns.

        Args:
            workspace: Name of the workspace.
            case: Name of the case.
            label: One of the target's labels, or unsure.
            target: Needed where the workspace has several targets.
            confidence: guess, likely or certain.
            comment: Words to keep with the verdict.
            ignore: Names of fields or words of a text; or field -> true, [start, end] spans, or a mask PNG as base64.
            artefact: Name for the ignored thing.
            idempotency_key: Sending the same key again changes nothing.
        """
        return _told(
            request,
            lambda actor: self._verbs.record_verdict(
                checked(
                    VerdictRequest,
                    workspace=workspace,
                    case=case,
                    label=label,
                    target=target,
                    confidence=confidence,
                    comment=comment,
                    ignore=ignore,
                    artefact=artefact,
                    idempotency_key=idempotency_key,
                ),
                actor,
            ),
        )

    def status(self, request: gr.Request) -> dict:
        """List the workspaces: model that serves, number of cases, how many wait, and the model's measured figures."""
        return _told(request, lambda _: self._verbs.status())


def _told(request: gr.Request, work: Callable[[Any], Mapping[str, object]]) -> dict | str:
    """Return the result of `work` for the request's actor, as JSON text for MCP; errors become messages."""
    from_gradio = isinstance(request, gr.Request)  # MCP brings Starlette's own request
    try:
        result = plain(work(actor_in(getattr(request.request if from_gradio else request, "scope", None))))
    except Exception as error:  # noqa: BLE001  # whatever it is, Gradio would print and show it
        raise ToolError(words_of(error), print_exception=False) from None
    return result if from_gradio else json.dumps(result, ensure_ascii=False)
