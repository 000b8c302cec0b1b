"""The cookie that tells the playground's own page from programs. It says nothing about who looks at it."""

import hmac
import secrets
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie

COOKIE = "tandem_playground"
LIFETIME_SECONDS = 12 * 3600
_FUTURE_SECONDS = 60


class PageSessions:
    """Gives out and checks signed cookies; the key lives as long as the process and is never stored."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._key = secrets.token_bytes(32)
        self._clock = clock

    def issue(self, path: str) -> str:
        """Return a `Set-Cookie` header for pages below `path`: HttpOnly, SameSite=Strict, 12 hours."""
        content = f"{int(self._clock())}.{secrets.token_urlsafe(16)}"
        value = f"{content}.{self._sign(content)}"
        return f"{COOKIE}={value}; Path={path}; Max-Age={LIFETIME_SECONDS}; HttpOnly; SameSite=Strict"

    def is_valid(self, header: str) -> bool:
        """Return whether a `Cookie` header holds a cookie that this process gave out and that has not run out."""
        content, _, signature = _value(header).rpartition(".")
        if not content or not hmac.compare_digest(self._sign(content).encode(), signature.encode()):
            return False
        age = self._clock() - int(content.partition(".")[0])
        return -_FUTURE_SECONDS <= age <= LIFETIME_SECONDS

    def _sign(self, content: str) -> str:
        return hmac.new(self._key, content.encode(), "sha256").hexdigest()


def _value(header: str) -> str:
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""
