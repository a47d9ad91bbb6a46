"""What people read in a package: what follows from its records, in a frame that is always the same.

`verify.py` makes the rows again from what it has found, and knows the hashes of the frame and of
the README: a page that says anything else is refused.
"""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from consilience.audit.checkpoint import NoteKey
from consilience.audit.session_facts import SessionFacts

__all__ = ["FRAME", "found_page", "readme_text"]

_HERE = Path(__file__).parent
FRAME = (_HERE / "page_frame.html").read_text(encoding="utf-8")
"""index.html without its rows."""

_SLOT = "(rows)"


def readme_text() -> str:
    """Return the package's README.md."""
    return (_HERE / "page_readme.md").read_text(encoding="utf-8")


def found_page(
    key: NoteKey,
    sessions: Sequence[SessionFacts],
    asserted: Sequence[str],
    size: int,
    root: bytes,
    inputs: Mapping[str, str],
    date: int | None,
) -> str:
    """Return index.html: what follows from the records, and what each guarantee needs.

    Parameters
    ----------
    key : NoteKey
    sessions : sequence of SessionFacts
        All records of each were counted.
    asserted : sequence of str
        Names of the documents.
    size, root : int, bytes
        Of the log.
    inputs : mapping of str to str
        Name: SHA-256 in hex, which nothing compares with the records.
    date : int or None
        Seconds since 1970.
    """
    said = [] if date is None else [f"{date} s since 1970"]
    said += [f"{name!r} of SHA-256 {told}" for name, told in sorted(inputs.items())]
    rows = [
        ("the log", "signed by", f"{key.name}, {key.public.hex()}"),
        ("the log", "records", f"{size}, root {root.hex()}"),
        *(row for one in sessions for row in one.rows()),
        ("documents", "asserted, not recomputed:", ", ".join(sorted(asserted)) or "none"),
        ("date, inputs", "asserted, not recomputed:", ", ".join(said) or "none"),
    ]
    lines = ["<tr>" + "".join(f"<td>{escape(cell)}" for cell in row) + "\n" for row in rows]
    return FRAME.replace(_SLOT, "".join(lines))
