"""What a browser can be made to send by a page of somebody else's, and is refused here.

A page whose name is made to point at 127.0.0.1 (DNS rebinding) sends its own name in Host; a page
that posts to another site says so in Origin and Sec-Fetch-Site. Programs send neither of these two.
"""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from consilience.service.access.refusal import Header, Refusal

__all__ = ["check_host", "check_site"]

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


def check_host(headers: list[Header], names: Collection[str]) -> None:
    """Raise Refusal unless Host is a loopback address, localhost, or one of `names`."""
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) == 1:
        name = _name(hosts[0].decode("latin-1"))
        if name == "localhost" or name in names or _is_loopback(name):
            return
    raise Refusal(
        421,
        "the service answers on this machine under localhost and 127.0.0.1 alone; use these, or "
        "start it with --host-name NAME",
    )


def check_site(method: str, headers: list[Header]) -> None:
    """Raise Refusal for a change that the page of another site has asked a browser for."""
    if method in _READS:
        return
    found = dict(headers)
    site = found.get(b"sec-fetch-site", b"none")
    origin = found.get(b"origin")
    same = origin is None
    if origin is not None:
        try:
            same = urlsplit(origin).netloc.lower() == found.get(b"host", b"").lower() != b""
        except ValueError:
            same = False
    if not same or site not in (b"none", b"same-origin"):
        raise Refusal(403, "a page of another site asked for this; open the service's own page")


def _name(host: str) -> str:
    """Return the name in a Host header, in lower case, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
