"""Tokens of programs: made, shown once, checked, revoked. Only a digest is kept and nothing is ever logged."""

import hashlib
import hmac
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from core.contracts import Actor, Token
from core.errors import BadInput, TandemError
from core.services.runtime import Runtime
from core.storage import actors, audit, tokens
from core.storage.columns import now

PREFIX = "tdm_"
RANDOM_BYTES = 32
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
LONGEST = 200
COARSE = timedelta(hours=1)
"""The last use is kept to this precision: one write an hour, and no record of habits."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made. `secret` is shown this once and never again."""

    token: Token
    secret: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """The keys of programs."""

    runtime: Runtime

    def create(self, name: str, *, actor: Actor) -> NewToken:
        """Make a token of 256 random bits; what uses it acts as `service:NAME`.

        Raises
        ------
        BadInput
            When the name has other characters than a-z, 0-9, - and _.
        Conflict
            When a valid token has that name.
        """
        if not NAME.fullmatch(name):
            raise BadInput(
                f"A token's name has 1 to 64 of a-z, 0-9, - and _, and starts with a letter or digit; got {name!r}."
            )
        secret = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            made = tokens.add(tx, name, _digest(secret), actor.id)
            self._record(tx, made, "token", actor)
        return NewToken(made, secret)

    def list(self) -> tuple[Token, ...]:
        """Return all tokens, revoked ones too, oldest first."""
        with self.runtime.database.read() as tx:
            return tokens.list_tokens(tx)

    def revoke(self, name: str, *, actor: Actor) -> Token:
        """Make a token invalid at once and for good.

        Raises
        ------
        NotFound
            When no valid token has that name.
        """
        with self.runtime.database.write() as tx:
            actors.ensure(tx, actor)
            revoked = tokens.revoke(tx, name)
            self._record(tx, revoked, "revoke", actor)
        return revoked

    def actor_of(self, secret: str) -> Actor | None:
        """Return who a token stands for, or None when it is unknown or revoked."""
        if not secret.startswith(PREFIX) or len(secret) > LONGEST:
            return None
        digest = _digest(secret)
        with self.runtime.database.read() as tx:
            found = tokens.by_digest(tx, digest)
        if found is None or found[0].revoked is not None or not hmac.compare_digest(found[1], digest):
            return None
        self._remember_use(found[0], now().replace(minute=0, second=0, microsecond=0))
        return Actor(f"service:{found[0].name}", "service", found[0].name)

    def _record(self, tx: Connection, token: Token, kind: str, actor: Actor) -> None:
        subject: dict[str, str | int] = {"token": token.id, "name": token.name}
        audit.append(tx, actor_id=actor.id, kind=kind, workspace=None, subject=subject)

    def _remember_use(self, token: Token, at: datetime) -> None:
        if token.last_used is not None and at - token.last_used < COARSE:
            return
        with suppress(TandemError), self.runtime.database.write() as tx:  # a busy database: the next use tells
            tokens.used(tx, token.id, at)


def _digest(secret: str) -> str:
    """Return the sha256 of a token; 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
