"""Which part of the playground a path belongs to, and so what a request must bring.

Whatever is not named here is *programs only*: a route that a new release of Gradio adds is closed until somebody
looked at it.
"""

from enum import Enum


class Access(Enum):
    """What a request must bring."""

    OPEN = "nothing: the page itself and its static files, which hold no data"
    PAGE = "the page's cookie, or a token"
    PROGRAMS = "a token"


READING = ("GET", "HEAD")
DOCUMENT = "/"
OPEN_FOLDERS = ("/assets/", "/static/", "/svelte/")
OPEN_FILES = ("/theme.css", "/gradio_api/theme.css", "/favicon.ico", "/manifest.json", "/robots.txt")
PAGE_PATHS = frozenset(
    {
        ("GET", "/config"),
        ("GET", "/gradio_api/info"),
        ("GET", "/gradio_api/startup-events"),
        ("GET", "/gradio_api/app_id"),
        ("GET", "/gradio_api/upload_progress"),
        ("GET", "/gradio_api/queue/data"),
        ("POST", "/gradio_api/queue/join"),
        ("POST", "/gradio_api/upload"),
        ("POST", "/gradio_api/cancel"),
        ("POST", "/gradio_api/reset"),
    }
)
PAGE_PREFIXES = (("GET", "/gradio_api/file="), ("GET", "/gradio_api/heartbeat/"))
CLOSED_PREFIXES = (
    "/gradio_api/proxy=",
    "/gradio_api/deep_link",
    "/gradio_api/process_recording",
    "/gradio_api/vibe-",
    "/gradio_api/undo-vibe-edit",
    "/gradio_api/dev/",
    "/gradio_api/component_server",
    "/gradio_api/stream/",
    "/gradio_api/runs",
    "/gradio_api/run-history",
    "/gradio_api/profiling",
    "/monitoring",
    "/login",
    "/logout",
)
"""Parts of Gradio that this product does not use: nobody may."""


def is_closed(path: str) -> bool:
    """Return whether a path (below the mount) is a part of Gradio that nobody may use."""
    return path.startswith(CLOSED_PREFIXES)


def access_of(method: str, path: str) -> Access:
    """Return what a request for `path` (below the mount, starting with a slash) must bring.

    Example
    -------
    >>> access_of("GET", "/").name, access_of("POST", "/gradio_api/mcp/").name
    ('OPEN', 'PROGRAMS')
    """
    if ".." in path or "//" in path or "\\" in path:
        return Access.PROGRAMS
    if method in READING and (path == DOCUMENT or path in OPEN_FILES or path.startswith(OPEN_FOLDERS)):
        return Access.OPEN
    asked = "GET" if method == "HEAD" else method
    if (asked, path) in PAGE_PATHS or any(asked == verb and path.startswith(start) for verb, start in PAGE_PREFIXES):
        return Access.PAGE
    return Access.PROGRAMS
