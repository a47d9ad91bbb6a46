"""Addresses of NATS servers: which are any, and how they are shown."""

from urllib.parse import urlsplit

from consilience.errors import BadInput

__all__ = ["check_address", "shown_address", "wants_tls"]


def check_address(url: str) -> None:
    """Raise BadInput if a URL is not that of a NATS server."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("nats", "tls") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise BadInput(f"{shown_address(url)!r} is not a NATS address; give it as nats://HOST:4222")


def shown_address(url: str) -> str:
    """Return a URL without the user, password or token in it, for messages and logs."""
    before, at, after = url.rpartition("@")
    if not at:
        return url
    scheme, slashes, _ = before.partition("://")
    return f"{scheme}{slashes}***@{after}" if slashes else f"***@{after}"


def wants_tls(url: str) -> bool:
    """Return whether a server is reached through TLS or not at all."""
    return urlsplit(url).scheme == "tls"
