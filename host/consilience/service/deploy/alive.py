"""``python -m consilience.service.deploy.alive PORT``: whether the service answers at all.

Any answer of HTTP counts, a refusal for want of a token too: it needs none. With TLS the
certificate is not looked at, as this is asked from within the same container. Exit codes: 0 it
answers, 1 it does not, 2 usage.
"""

import http.client
import ssl
import sys
from collections.abc import Sequence

__all__ = ["answers", "main"]

_WAIT_S = 5.0


def answers(port: int) -> bool:
    """Return whether something on this machine's `port` speaks HTTP, with TLS or without."""
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    for connection in (
        http.client.HTTPSConnection("127.0.0.1", port, timeout=_WAIT_S, context=unchecked),
        http.client.HTTPConnection("127.0.0.1", port, timeout=_WAIT_S),
    ):
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status in (200, 401):
                return True
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()
    return False


def main(arguments: Sequence[str]) -> int:
    """Run the check; see the module."""
    if len(arguments) != 1 or not arguments[0].isdecimal():
        print("usage: python -m consilience.service.deploy.alive PORT", file=sys.stderr)
        return 2
    if answers(int(arguments[0])):
        return 0
    print(f"nothing answers at port {arguments[0]}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
