"""What no log and no error may show: tokens, passwords, and headers that hold them."""

import re

from consilience.link.token_proof import PATTERN

__all__ = ["redacted"]

_RULES = (
    (PATTERN, r"cns_\1_***"),
    # Part of one, as a line that was cut leaves it: all after the id goes.
    (re.compile(r"(cns_[0-9a-f]{16}_)[0-9a-f]+"), r"\1***"),
    (re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*", re.DOTALL), r"\1***"),
    # A key that signs webhooks.
    (re.compile(r"whsec_[\w+/=-]+"), "whsec_***"),
    # The header, in whatever notation: `Authorization: Basic x`, `(b'authorization', b'Basic x')`.
    (
        re.compile(
            r"((?:proxy-)?authorization|(?:set-)?cookie)([^\w*]{1,8})[^\r\n'\"]+", re.IGNORECASE
        ),
        r"\1\2***",
    ),
    # Its value alone, where the word after it is none.
    (
        re.compile(r"\b((?i:bearer|basic))(\s+)(?=[\w+/=.~-]*[A-Z0-9+/=])[\w+/=.~-]{6,}"),
        r"\1\2***",
    ),
    # The user's part of a URL.
    (re.compile(r"(\w://)[^\s/?#'\"]*@"), r"\1***@"),
    # A setting or a parameter.
    (
        re.compile(
            r"((?:password|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key)"
            r"['\"]?\s*[=:]\s*)('[^']*'|\"[^\"]*\"|[^\s&,;'\"}]+)",
            re.IGNORECASE,
        ),
        r"\1***",
    ),
)


def redacted(text: str) -> str:
    """Return a text without the secrets in it; of a token its id stays, which says which it was."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text
