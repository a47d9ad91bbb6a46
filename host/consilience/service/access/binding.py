"""Where a service listens, and what that asks for: off loopback a token, and TLS."""

import errno
import ipaddress
import socket
from typing import Any, NamedTuple

from consilience.errors import BadInput, ConsilienceError, PermissionRefused

__all__ = ["Binding", "bound", "refuse_clear_text"]

_BACKLOG = 128


class Binding(NamedTuple):
    """A socket that listens, and where."""

    socket: socket.socket
    url: str
    is_loopback: bool


def bound(
    address: str, option: str, *, encrypted: bool, clear_text: bool, scheme: str = "http"
) -> Binding:
    """Listen at the address of an option, ``[HOST:]PORT``; port 0 takes a free one.

    Parameters
    ----------
    address : str
        Without HOST 127.0.0.1; an IPv6 address in brackets.
    option : str
        The option that it comes from, for messages.
    encrypted : bool
        There is TLS.
    clear_text : bool
        The user knows that tokens and answers can be read on the way.
    scheme : str
        Of the URL; an s is added with TLS.

    Raises
    ------
    BadInput
        No such address; or one off loopback, without TLS and without `clear_text`.
    PermissionRefused
        The port is not for this user.
    ConsilienceError
        Another process listens there.
    """
    host, port = _parts(address, option)
    family, where = _found(host, port, option)
    is_loopback = refuse_clear_text(host, option, encrypted or clear_text)
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(where)
        one.listen(_BACKLOG)  # who comes before the server does waits for it
    except PermissionError:
        one.close()
        raise PermissionRefused(
            f"{host}: this user may not listen at port {port}; choose another {option}"
        ) from None
    except OSError as error:
        one.close()
        if error.errno == errno.EADDRINUSE:
            raise ConsilienceError(
                f"{_shown(host, port)}: another process listens there; end it, or choose another "
                f"port with {option}"
            ) from None
        raise BadInput(
            f"{host}: no address of this machine ({error.strerror}); choose another {option}"
        ) from None
    shown, taken = one.getsockname()[:2]
    url = f"{scheme}{'s' if encrypted else ''}://{_shown(shown, taken)}"
    return Binding(one, url, is_loopback)


def refuse_clear_text(host: str, option: str, agreed: bool) -> bool:
    """Return whether an address is loopback; BadInput if others reach it and that is not agreed to.

    Parameters
    ----------
    host : str
        Address or name.
    option : str
        The option that it comes from, for messages.
    agreed : bool
        There is TLS, or the user knows that there is none.
    """
    _, where = _found(host, 0, option)
    is_loopback = ipaddress.ip_address(str(where[0]).partition("%")[0]).is_loopback
    if not (is_loopback or agreed):
        raise BadInput(
            f"{option} {host}: others reach this address, and without TLS they can read what is "
            "sent; give --tls-cert and --tls-key, or listen on 127.0.0.1; --clear-text where a "
            "proxy on this machine or in this network encrypts"
        )
    return is_loopback


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _found(host: str, port: int, option: str) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        cause = getattr(error, "strerror", None) or error
        raise BadInput(
            f"{host}: no address of this machine ({cause}); choose another {option}"
        ) from None
    return found[0][0], found[0][4]


def _parts(address: str, option: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host or (colon and not host):
        port = ""
    if not port.isdecimal() or int(port) > 65_535:
        raise BadInput(f"{option} {address}: no address; give [HOST:]PORT, as in 127.0.0.1:8443")
    return host or "127.0.0.1", int(port)
