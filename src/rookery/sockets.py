"""Listening sockets, bound before anything else starts."""

import socket


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
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise AddressError(
            f"cannot listen on {host} port {port}: {reason}; "
            f"stop what is there, or choose another address by {variable} and ROOKERY_HOST"
        ) from None
    return bound
