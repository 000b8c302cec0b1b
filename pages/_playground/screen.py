"""The page: choose a workspace, name a case or fill in one's own, see the answer and what it rests on."""

from typing import Any

import gradio as gr

from core.contracts import EvidenceView
from pages._playground.controls import control
from pages._playground.desk import Asked, Desk, choices_of, told
from pages._playground.drawing import draw_answer, draw_inputs

KEPT_SECONDS = 900
"""An answer that nobody looks at any more is forgotten after this."""
HEAD = """# Playground

Ask a model about a stored case or about an input of your own. Nothing here is recorded, and uploads are deleted after
a few minutes. Where your own read comes first, a case that still waits for it has no answer here: take it from the
[worklist](/worklist) to the review page. The examples are cases that judge models, and cases that you have read.
Programs use the API and MCP."""
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
"""No endpoint for programs, and no veil over the page while it works: messages say what went wrong."""


SHOW_EVIDENCE = "Show evidence"


class Screen:
    """The components of the page and what happens between them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._asked = gr.State(None, time_to_live=KEPT_SECONDS)
        self._evidence = gr.State(None, time_to_live=KEPT_SECONDS)
        gr.Markdown(HEAD)
        with gr.Row(equal_height=False):
            with gr.Column(scale=5, min_width=320):
                self._workspace = gr.Dropdown(label="Workspace", choices=[], elem_id="playground-workspace")
                self._questions()
            with gr.Column(scale=7, min_width=320):
                self._answers()

    def connect(self, blocks: gr.Blocks) -> None:
        """Fill the page when it opens and follow the chosen workspace."""
        blocks.load(told(self._open), None, [self._workspace], **QUIET)
        self._workspace.change(told(self._choose), [self._workspace], [self._case, *self._outputs], **QUIET)
        self._ask_case.click(told(self._predict_case), [self._workspace, self._case], self._outputs, **QUIET)
        asked = [self._asked, self._method, self._about]
        measuring = self._explain.click(_measuring, None, [self._explain], **QUIET)
        measured = measuring.then(told(self._show_evidence), asked, [self._evidence], **QUIET)
        measured.then(_ready, None, [self._explain], **QUIET)  # after a refusal too

    def _questions(self) -> None:
        with gr.Tabs():
            with gr.Tab("A stored case"):
                self._case = gr.Dropdown(
                    label="Case id",
                    choices=[],
                    allow_custom_value=True,
                    info="Choose an example or type an id.",
                    elem_id="playground-case",
                )
                self._ask_case = gr.Button("Predict", variant="primary", elem_id="playground-predict-case")
            with gr.Tab("Your own input"):
                self._own = gr.Column()
        with self._own:

            @gr.render(inputs=[self._workspace])
            def own(workspace: str | None) -> None:
                if workspace:
                    self._draw_own(workspace)

    def _draw_own(self, workspace: str) -> None:
        controls = [control(field) for field in self._desk.fields(workspace)]
        button = gr.Button("Predict", variant="primary", elem_id="playground-predict-own")
        ask = told(lambda *values: self._told(self._desk.ask_given(workspace, values)))
        button.click(ask, controls, self._outputs, **QUIET)

    def _answers(self) -> None:
        with gr.Column():

            @gr.render(inputs=[self._asked])
            def answer(asked: Asked | None) -> None:
                if asked is None:
                    gr.Markdown("The answer appears here.", elem_classes=["playground-note"])
                else:
                    draw_answer(asked)

        with gr.Column(visible=False) as self._choices:
            with gr.Row():
                self._method = gr.Dropdown(label="Evidence by", choices=[], min_width=220, elem_id="playground-method")
                self._about = gr.Dropdown(label="For the label", choices=[], min_width=220, elem_id="playground-label")
            self._explain = gr.Button(SHOW_EVIDENCE, elem_id="playground-explain")
        with gr.Column():

            @gr.render(inputs=[self._asked, self._evidence])
            def inputs(asked: Asked | None, evidence: EvidenceView | None) -> None:
                if asked is not None:
                    draw_inputs(asked, evidence)

    @property
    def _outputs(self) -> list[gr.components.Component]:
        """What changes with every question."""
        return [self._asked, self._evidence, self._choices, self._method, self._about]

    def _told(self, asked: Asked) -> tuple[object, ...]:
        """Return the values of `_outputs` for an answer."""
        methods, about = asked.answered.reveal.methods, list(choices_of(asked))
        words = [(name.replace("_", " ").capitalize(), name) for name in methods]
        return (
            asked,
            None,
            gr.Column(visible=True),
            gr.Dropdown(choices=words, value=methods[0] if methods else None),
            gr.Dropdown(choices=about, value=about[0]),
        )

    def _open(self) -> gr.Dropdown:
        found = self._desk.workspaces()
        return gr.Dropdown(choices=found, value=found[0][1] if found else None)

    def _choose(self, workspace: str | None) -> tuple[object, ...]:
        names = self._desk.cases(workspace) if workspace else []
        nothing = gr.Dropdown(choices=[], value=None)
        case = gr.Dropdown(choices=names, value=names[0] if names else None)
        return case, None, None, gr.Column(visible=False), nothing, nothing

    def _predict_case(self, workspace: str | None, case: str | None) -> tuple[object, ...]:
        return self._told(self._desk.ask(workspace, (case or "").strip() or None))

    def _show_evidence(self, asked: Asked | None, method: str | None, about: str | None) -> EvidenceView:
        target, label = choices_of(asked).get(about or "", (None, None)) if asked else (None, None)
        return self._desk.explain(asked, method, target, label)


def _measuring() -> gr.Button:
    return gr.Button("Measuring where a change would change the answer …", interactive=False)


def _ready() -> gr.Button:
    return gr.Button(SHOW_EVIDENCE, interactive=True)
