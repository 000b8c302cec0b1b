"""The page's colours and letters: those of the workbench, in light and dark, from this machine alone."""

import gradio as gr

FONT = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif"]
MONO = ["ui-monospace", "Consolas", "monospace"]
BLUE = gr.themes.Color(
    "#eef6fa",
    "#d9ebf3",
    "#b3d6e6",
    "#7fb9d3",
    "#3f93b8",
    "#0b6488",
    "#0a5876",
    "#084a63",
    "#073c50",
    "#052d3c",
    "#031f29",
)
GREY = gr.themes.Color(
    "#f7f9fb",
    "#f2f5f8",
    "#e1e7ed",
    "#c3ccd6",
    "#94a1af",
    "#5f6b7a",
    "#43505e",
    "#323c48",
    "#1c232c",
    "#12171d",
    "#0c1014",
)
CSS = """
.gradio-container { max-width: 1200px !important; margin: 0 auto !important; }
.gradio-container input.subdued { color: var(--body-text-color-subdued) !important; }
.playground-note { color: var(--body-text-color-subdued); }
.dark .tab-container button.selected { color: #74bfe0; }
.dark .playground-words .text, .dark .playground-words .legend-item {
  color: white !important;
}
.playground-layers { position: relative; width: min(100%, 420px); line-height: 0; }
.playground-layers img { width: 100%; display: block; }
.playground-layers img + img { position: absolute; inset: 0; height: 100%; }
"""


def theme() -> gr.themes.Base:
    """Return the workbench's look as a Gradio theme."""
    return gr.themes.Base(
        primary_hue=BLUE, neutral_hue=GREY, font=FONT, font_mono=MONO, text_size="md", radius_size="sm"
    ).set(
        button_primary_background_fill="*primary_500",
        button_primary_background_fill_hover="*primary_600",
        button_primary_text_color="white",
        button_primary_background_fill_dark="#1f7fa8",
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_300",
        block_info_text_color="*neutral_500",
        block_info_text_color_dark="*neutral_300",
        link_text_color="*primary_500",
        link_text_color_dark="#74bfe0",
        body_background_fill="white",
        body_background_fill_dark="*neutral_900",
        block_background_fill_dark="*neutral_800",
    )
