"""What people read in a package: the page of guarantees, and how to verify."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from consilience.audit.checkpoint import NoteKey
from consilience.audit.session import Session

__all__ = ["guarantees_page", "readme_text"]

_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #999;padding:.3em .6em;"
    "text-align:left;vertical-align:top}code,pre{background:#eee;overflow-wrap:anywhere}"
)
_CLAIM = ("name", "statement", "ran", "counts", "worst", "bound", "verdict", "reason")


def readme_text(key: NoteKey, size: int, root: bytes) -> str:
    """Return the package's README.md."""
    return f"""# An audit package

Who holds this folder can recompute every verdict in it, without trusting who made it, and without
any other software than Python 3.9 or later:

    python -I -S verify.py . --key KEY

KEY is the signer's public key, as a file or as text. Take it from the signer by another way than
this folder: a key that comes with a forgery proves nothing. The signer says that it is

    {key.text}

Exit code 0: every hash, signature and proof is right, and every posterior, statistic and alarm was
found again from the recorded evidence. Exit code 8: something is not; a line says which file,
which record and what differs. Read verify.py first: it is one file of plain Python. Or take the
verify.py of another package, or write one: docs/audit.md of consilience is the format.

Signatures cannot show that the evidence itself is what happened. Who can sign can also sign other
evidence. An earlier checkpoint that you kept, or that a witness kept, shows that nothing before it
was changed since:

    python -I -S verify.py . --key KEY --checkpoint EARLIER

Keep this one for the next time: {size} records, root {root.hex()}, file `checkpoint`.

`index.html` has the guarantees in words. `measured.json` is not signed: it holds what differs from
run to run, such as times.
"""


def guarantees_page(
    key: NoteKey,
    sessions: Sequence[Session],
    documents: Mapping[str, bytes],
    size: int,
    root: bytes,
    proved: int,
    date: int | None,
) -> str:
    """Return index.html: each guarantee with its bound, claims, and what was not recomputed."""
    parts = ["<h1>Audit package</h1>", _facts(key, size, root, proved, date)]
    parts.append("<h2>Guarantees</h2>")
    rows = [[one.name, *guarantee] for one in sessions for guarantee in one.guarantees]
    parts.append(_table(("session", "what", "bound", "confidence", "needs"), rows))
    parts.append("<h2>Sessions</h2>")
    rows = [[one.name, one.kind, _source(one.settings)] for one in sessions]
    parts.append(_table(("session", "kind", "recomputed"), rows))
    if "claims.json" in documents:
        claims = json.loads(documents["claims.json"]).get("claims", [])
        parts.append("<h2>Claims</h2><p>Said by the signer; not recomputed by verify.py.</p>")
        parts.append(_table(_CLAIM, [[_text(one.get(name)) for name in _CLAIM] for one in claims]))
    others = sorted(name for name in documents if name != "claims.json")
    if others:
        parts.append(f"<h2>Documents</h2><p>{escape(', '.join(others))}</p>")
    head = f"<meta charset=utf-8><title>Audit package</title><style>{_STYLE}</style>"
    return f"<!doctype html><html lang=en><head>{head}</head><body>{''.join(parts)}</body></html>\n"


def _facts(key: NoteKey, size: int, root: bytes, proved: int, date: int | None) -> str:
    when = "not said" if date is None else datetime.fromtimestamp(date, UTC).isoformat()
    rows = [
        ("signer", key.text),
        ("date", when),
        ("records", str(size)),
        ("root", root.hex()),
        ("alarms and readings with a proof", str(proved)),
    ]
    how = "<pre>python -I -S verify.py . --key KEY</pre><p>README.md says how.</p>"
    return _table(("", ""), rows) + how


def _source(settings: Mapping[str, Any]) -> str:
    if settings.get("source") == "asserted":
        return "statistics and alarms; the increments are asserted by the signer"
    return "everything"


def _text(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"
