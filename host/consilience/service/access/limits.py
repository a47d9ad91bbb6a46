"""What one client may take of a service, by default."""

from dataclasses import dataclass, fields

from consilience.errors import BadInput

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """Limits of the service; what goes beyond one is answered with a problem that names it."""

    body_bytes: int = 1 << 20
    """Of a request's body as it comes, packed or not."""
    unpacked_bytes: int = 16 << 20
    """Of a body after Content-Encoding."""
    held_bytes: int = 256 << 20
    """Of all bodies that are held at a time, unpacked."""
    header_bytes: int = 32 << 10
    """Of a request's line and headers."""
    connections: int = 100
    """At a time, of all clients, those in a TLS handshake too."""
    address_connections: int = 50
    """At a time, of one address (IPv6: one /64), so that one does not shut out all others."""
    idle_s: float = 10.0
    """Silence after which a connection ends: in a handshake, before and within headers, within a
    body, and of a client that takes none of what it is sent."""
    body_s: float = 60.0
    """In which a body must have come as a whole, however steadily it drips."""
    rate: float = 2000.0
    """Requests a second of one token; on an open loopback port, of one address."""
    burst: float = 4000.0
    """Requests that one may be ahead of its rate."""
    failures: float = 10.0
    """Refused credentials a second of one address."""
    failure_burst: float = 50.0
    """Refused credentials that one address may be ahead of that."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise BadInput(
                    f"the limit {field.name} must be above 0; leave it out for the default"
                )
