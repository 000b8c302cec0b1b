"""Commands about the tokens of programs."""

from typing import Annotated

import typer

from core.cli.frame import JsonOption, note, opened, show
from core.contracts import Token

NameArgument = Annotated[str, typer.Argument(help="Name of the token: which program it is for.")]


def create(name: NameArgument, as_json: JsonOption = False) -> None:
    """Make a token for the API and MCP; it is shown this once and kept nowhere."""
    with opened() as container:
        made = container.tokens.create(name, actor=container.default_actor)
    if not as_json:
        note(f"Token {name!r}; who uses it acts as service:{name}. Keep it, it is not shown again:")
    show(as_json, {**_object(made.token), "secret": made.secret}, made.secret)


def list_tokens(as_json: JsonOption = False) -> None:
    """List the tokens: name, when made, when used last (to the hour), whether revoked."""
    with opened() as container:
        found = container.tokens.list()
    lines = [_line(token) for token in found]
    nothing = "No token yet. Make one with: python -m core token create NAME"
    show(as_json, {"tokens": [_object(token) for token in found]}, *(lines or [nothing]))


def revoke(name: NameArgument, as_json: JsonOption = False) -> None:
    """Make a token invalid, at once and for good."""
    with opened() as container:
        token = container.tokens.revoke(name, actor=container.default_actor)
    show(as_json, _object(token), f"{name}: revoked")


def _object(token: Token) -> dict[str, str | None]:
    return {
        "name": token.name,
        "actor": f"service:{token.name}",
        "made_by": token.actor_id,
        "created": token.created.isoformat(timespec="seconds"),
        "last_used": token.last_used.isoformat(timespec="hours") if token.last_used else None,
        "revoked": token.revoked.isoformat(timespec="seconds") if token.revoked else None,
    }


def _line(token: Token) -> str:
    state = f"revoked {token.revoked:%Y-%m-%d}" if token.revoked else "valid"
    used = f"used {token.last_used:%Y-%m-%d %H}h" if token.last_used else "never used"
    return f"{token.name}: {state}, made {token.created:%Y-%m-%d} by {token.actor_id}, {used}"
