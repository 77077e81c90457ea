"""Listening sockets, bound before anything else starts."""

import socket
from typing import Any


class AddressError(Exception):
    """An address that cannot be listened on; the text is a sentence that says why."""


def bind(host: str, port: int, variable: str) -> socket.socket:
    """A socket bound to `host` and `port`, which does not listen yet.

    Args:
        host: name or address.
        port: 0 for a free one.
        variable: the setting that `port` comes from, for the error's sentence.

    Raises:
        AddressError: another process has it, the host is not this machine's, or it is not allowed.
    """
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return _bound(socket.socket(family), address)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise AddressError(
            f"cannot listen on {host} port {port}: {reason}; "
            f"stop what is there, or choose another address by {variable} and ROOKERY_HOST"
        ) from None


def _bound(sock: socket.socket, address: Any) -> socket.socket:
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock
