"""Every error that Tandem raises on purpose.

::

    TandemError
    ├── UserError            people may read it: says what, got what, what to do
    │   ├── WorkspaceFileError   a workspace TOML that can't be used
    │   ├── ImportRefused        a folder or CSV that can't be imported at all
    │   ├── BadInput             an input, mask or label that can't be used
    │   ├── NotFound             no such workspace, case, version, method
    │   ├── Conflict             somebody was faster, or the state does not allow it
    │   ├── Refused              the policy forbids it
    │   └── Unavailable          can't serve now: queue full, storage read-only, disk full, newer schema
    ├── Cancelled            work stopped because somebody asked for it
    └── Interrupted          work stopped because its process is about to end; it goes on elsewhere
"""


class TandemError(Exception):
    """Root of all errors that Tandem raises on purpose."""


class UserError(TandemError):
    """An error whose message people may read."""


class WorkspaceFileError(UserError):
    """A workspace TOML that can't be used."""


class ImportRefused(UserError):
    """A folder or CSV that can't be imported at all."""


class BadInput(UserError):
    """An input, mask or label that can't be used."""


class NotFound(UserError):
    """No such workspace, case, version or method."""


class Conflict(UserError):
    """Somebody was faster, or the present state does not allow it."""


class Refused(UserError):
    """The policy forbids it."""


class Unavailable(UserError):
    """The product can't serve this now."""


class Cancelled(TandemError):
    """Work stopped because somebody asked for it."""


class Interrupted(TandemError):
    """Work stopped because its process is about to end; it goes on in another."""
