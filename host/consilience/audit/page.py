"""What people read in a package: what follows from its records, in a frame that is always the same.

`verify.py` makes the rows again from what it has found, and knows the hashes of the frame and of
the README: a page that says anything else is refused.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from html import escape
from pathlib import Path
from struct import unpack_from
from typing import Any

from consilience.audit.checkpoint import NoteKey
from consilience.audit.session import Session

__all__ = ["FRAME", "SessionFacts", "found_page", "readme_text"]

_HERE = Path(__file__).parent
FRAME = (_HERE / "page_frame.html").read_text(encoding="utf-8")
"""index.html without its rows."""

_SLOT = "(rows)"
_MOST_NAMES = 20
_SAID = "judged as", "guaranteed", "agents that alarmed"
_PROMISES = {
    "arl": "{} observations or more to a false alarm of an agent, on average",
    "false_alarm": "a false alarm of an agent, ever, with a probability of at most {}",
}
_DELTA = 16
"""Where a frozen table has its delta, two u64."""


class SessionFacts:
    """What of a session's records stands on the page.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.counts: Counter[str] = Counter()
        self._alarmed: set[str] = set()
        self._levels: set[str] = set()
        if session.kind == "logsum":
            self.counts["log sum"] = len(session.files["results"]) // 4

    def take(self, record: bytes) -> None:
        """Count a record."""
        kind = record[2 : record.index(b'"', 2)].decode()
        self.counts[kind] += 1
        if kind == "alarm":
            self._alarmed.add(repr(json.loads(record)[1]))
        elif kind == "fleet":
            self._levels.add(json.loads(record)[1])

    def rows(self) -> list[tuple[str, str, str]]:
        """Return (session, what, found) of each row."""
        told = ", ".join(f"{number} {kind}" for kind, number in sorted(self.counts.items()))
        found = [("recomputed", told or "nothing")]
        if self.session.kind == "monitor":
            found += zip(_SAID, self._monitor(self.session.settings), strict=True)
        return [(self.session.name, *one) for one in found]

    def _monitor(self, settings: Mapping[str, Any]) -> tuple[str, str, str]:
        source = settings["source"]
        said = [_PROMISES[name].format(value) for name, value in settings["promise"].items()]
        said.append(f"threshold 2^{settings['threshold'] / 65536:.3f}")
        if source == "conformal":
            ranks = settings["ranks"]
            said.append(f"{ranks['ties']} ties, {ranks['contaminated']} bad at first")
        if source == "frozen":
            delta = Fraction(*unpack_from("<QQ", self.session.files[source], _DELTA))
            said.append(f"confidence 1 - {delta}, over the calibration runs")
        if settings["reports"] is not None:
            count, faulty = settings["reports"]
            said.append(f"of {count} reporters at most {faulty} lie or are silent")
        if settings["run_alpha"] is not None:
            said.append(f"of good runs at most {settings['run_alpha']} alarm by themselves")
        for one in sorted(self._levels):
            said.append(f"of those that a reading names at most {one} behave, expected")
        names = sorted(self._alarmed)
        more = len(names) - _MOST_NAMES
        alarmed = ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
        if source == "asserted":
            source += ": NOT the increments, which the signer asserts"
        judged = f"{settings['mode']}, {settings['policy']}, {source}"
        return judged, "; ".join(said), alarmed or "none"


def readme_text() -> str:
    """Return the package's README.md."""
    return (_HERE / "page_readme.md").read_text(encoding="utf-8")


def found_page(
    key: NoteKey, sessions: Sequence[SessionFacts], asserted: Sequence[str], size: int, root: bytes
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
    """
    rows = [
        ("the log", "signed by", f"{key.name}, {key.public.hex()}"),
        ("the log", "records", f"{size}, root {root.hex()}"),
        *(row for one in sessions for row in one.rows()),
        ("documents", "asserted, not recomputed:", ", ".join(sorted(asserted)) or "none"),
    ]
    lines = ["<tr>" + "".join(f"<td>{escape(cell)}" for cell in row) + "\n" for row in rows]
    return FRAME.replace(_SLOT, "".join(lines))
