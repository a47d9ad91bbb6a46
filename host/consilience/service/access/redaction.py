"""What no log and no error may show: tokens, passwords, and headers that hold them."""

import logging
import re

from consilience.link.token_proof import PATTERN

__all__ = ["Redacting", "redacted"]

_RULES = (
    (PATTERN, r"cns_\1_***"),
    # Part of one, as a line that was cut leaves it: all after the id goes.
    (re.compile(r"(cns_[0-9a-f]{16}_)[0-9a-f]+"), r"\1***"),
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


class Redacting(logging.Filter):
    """A filter for a handler: what it writes is redacted, tracebacks included."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact a record; never drop it."""
        record.msg, record.args = redacted(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redacted(record.exc_text)
        if record.stack_info:
            record.stack_info = redacted(record.stack_info)
        return True
