"""The playground at `/playground`: a Gradio page to try a model, the same as plain JSON routes, and as MCP tools.

`verbs` is what programs can do, on the services; `rest` and `tools` are its two outsides; `screen` is the page.
Who may come in is decided before, by `core.web.gate`.
"""
