"""Looking at real processes: who is whose child, who still runs."""

from pathlib import Path


def children(pid: int) -> list[int]:
    """Return the process ids of the children of `pid`."""
    found: list[int] = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            state = _fields(file)
        except OSError:
            continue
        if int(state[1]) == pid and state[0] != "Z":
            found.append(int(file.parent.name))
    return found


def runs(pid: int) -> bool:
    """Whether a process still runs; a dead one that nobody has waited for does not."""
    try:
        return _fields(Path(f"/proc/{pid}/stat"))[0] not in "ZX"
    except OSError:
        return False


def _fields(file: Path) -> list[str]:
    """Return state, parent and the rest of a process's status line; its name may hold spaces and brackets."""
    return file.read_text().rpartition(")")[2].split()


def has_open(pid: int, path: Path) -> bool:
    """Whether a process has this file open now."""
    wanted = str(path.resolve())
    try:
        return any(str(entry.readlink()) == wanted for entry in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
