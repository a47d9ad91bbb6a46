"""Claims of the signer as a page: ``claims.json``, for people. verify.py does not recompute it."""

import json
from html import escape

from consilience.audit.page import FRAME

__all__ = ["claims_page"]

_NAMES = ("name", "statement", "ran", "counts", "worst", "bound", "verdict", "reason")
_LABEL = (
    '.claims td:nth-child({})::before{{content:"{}";display:block;color:var(--soft);'
    "font-size:.875rem}}"
)
_HEAD = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
    'content="width=device-width, initial-scale=1"><title>Claims</title>'
)
_WORDS = (
    "<h1>Claims</h1>\n<p>The signer says this, in claims.json. It is signed, and not recomputed. "
    '<a href="index.html">What was found</a> is on another page.</p>\n'
)


def claims_page(claims: bytes) -> str:
    """Return claims.html.

    Parameters
    ----------
    claims : bytes
        JSON; see `package`.
    """
    style = FRAME[FRAME.index("<style>") : FRAME.index("</style>")]
    labels = "".join(_LABEL.format(place, name) for place, name in enumerate(_NAMES[1:], 2))
    head = "".join(f"<th>{name}" for name in _NAMES)
    rows = [
        "<tr>" + "".join(f"<td>{escape(_text(one.get(name)))}" for name in _NAMES) + "\n"
        for one in json.loads(claims).get("claims", [])
    ]
    return (
        f"{_HEAD}{style}@media(max-width:40rem){{{labels}}}</style></head><body>{_WORDS}"
        f'<table class="claims"><thead><tr>{head}</thead>\n{"".join(rows)}</table></body></html>\n'
    )


def _text(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
