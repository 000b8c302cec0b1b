"""The page (first version)."""

import gradio as gr


def draw(verbs) -> None:
    gr.Markdown("# Playground")
