"""Answers leave at once: the web server's socket sends small packets without waiting.

Streamlit opens the socket that it listens on in a way that asyncio does not recognise as TCP, so nobody turns off
Nagle's algorithm, and an answer whose head and body are sent apart waits 40 ms for the client's delayed
acknowledgement. Connections inherit the option from the socket that accepts them.
"""

import contextlib
import os
import socket

DESCRIPTORS = "/dev/fd"


def send_at_once() -> int:
    """Set TCP_NODELAY on every TCP socket on which this process listens; return how many there are."""
    found = 0
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(DESCRIPTORS):
            found += _set(int(name))
    return found


def _set(descriptor: int) -> bool:
    """Set the option if `descriptor` is such a socket; a copy of the descriptor is used and closed."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as candidate:
        is_tcp = candidate.family in (socket.AF_INET, socket.AF_INET6) and candidate.type == socket.SOCK_STREAM
        if is_tcp and candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            candidate.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return True
    return False
