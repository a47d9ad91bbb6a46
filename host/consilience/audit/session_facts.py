"""What of a session stands on the page: counts, settings, the guarantee with its *if*, alarms."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from struct import unpack_from
from typing import Any

from consilience.audit.session import Session
from consilience.monitor.source_file import BINNING

__all__ = ["SessionFacts"]

_MOST_NAMES = 20
_ENDLESS = ("restart", "cusum")
_OBSERVATIONS = ("run", "bin", "call", "given")
_T_OF_RUN = 7
"""Where a run has its statistic: none among the first n0 of a history."""
_DELTA = 16
"""Where a frozen table has its delta, two u64."""
_NEEDS = {
    "conformal": "a good agent's scores are exchangeable: no drift, no batches, none like the one "
    "before it",
    "model": "calls follow p0",
    "asserted": "x are e-values",
    "frozen": "good runs are as those of the table",
}
_PROMISES = {
    "arl": "{} observations or more to a false alarm of an agent, on average",
    "false_alarm": "a false alarm of an agent, ever, with a probability of at most {}",
}


class SessionFacts:
    """What of a session's records stands on the page.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.counts: Counter[str] = Counter()
        self._settings = dict(session.settings)
        self._judged, self._agents = 0, set[Any]()
        self._first: dict[Any, tuple[Any, int]] = {}
        self._renewed: Counter[Any] = Counter()
        self._alone: Counter[Any] = Counter()
        self._named: Counter[Any] = Counter()
        self._levels: set[str] = set()
        if session.kind == "logsum":
            self.counts["log sum"] = len(session.files["results"]) // 4

    def take(self, record: bytes) -> None:
        """Count a record."""
        kind = record[2 : record.index(b'"', 2)].decode()
        self.counts[kind] += 1
        if self.session.kind != "monitor":
            return
        parts = json.loads(record)
        if kind in _OBSERVATIONS:
            judged = kind != "run" or parts[_T_OF_RUN] is not None
            self._judged += judged
            if judged:
                self._agents.add(parts[1])
        elif kind == "alarm":
            self._first.setdefault(parts[1], (parts[2], parts[3]))
        elif kind == "run alarm":
            self._alone[parts[1]] += 1
        elif kind == "renew":
            self._renewed[parts[1]] += parts[1] not in self._first
        elif kind == "enrol":
            self._settings |= {"enrolled": parts[1], "threshold": parts[2]}
        elif kind == "fleet":
            self._levels.add(parts[1])
            self._named.update(parts[4])

    def rows(self) -> list[tuple[str, str, str]]:
        """Return (session, what, found) of each row."""
        told = ", ".join(f"{number} {kind}" for kind, number in sorted(self.counts.items()))
        found = [("recomputed", told or "nothing")]
        if self.session.kind == "monitor":
            found += self._monitor(self._settings)
        return [(f"session {self.session.name!r}", *one) for one in found]

    def _monitor(self, settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        yield "judged as", ", ".join(_judged_as(settings))
        yield "guaranteed", "; ".join(self._guaranteed(settings))
        taken = sum(self.counts[one] for one in _OBSERVATIONS)
        begun = len(self._agents) + self._renewed.total()
        number = self._judged if settings["mode"] in _ENDLESS else begun
        found = f"{self._judged} of {taken} observations, {len(self._agents)} agents; if all behave"
        expected = f"at most {number} / {_rarity(settings)} first false alarms are expected"
        yield "judged", f"{found}, {expected}"
        first = [f"{one!r} first at run {run!r}, T {t}" for one, (run, t) in self._first.items()]
        yield "agents that alarmed", _some(first)
        if settings["run_alpha"]:
            yield "runs alarmed alone", _some([f"{one!r} {n}" for one, n in self._alone.items()])
        if settings["readings"]:
            yield "named by readings", _some([f"{one!r} {n}" for one, n in self._named.items()])

    def _guaranteed(self, settings: Mapping[str, Any]) -> Iterator[str]:
        yield f"if {_NEEDS[settings['source']]}"
        if settings["daily"]:
            yield "{} false alarms a day, {} runs a day each".format(*settings["daily"])
        for name, value in settings["promise"].items():
            yield _PROMISES[name].format(value)
        most = max(self._renewed.values(), default=0)
        if self.counts["renew"] and settings["mode"] not in _ENDLESS:
            yield (
                f"from each renewal to the next: at most {most} of an agent come before its first "
                f"alarm, for which it is {min((most + 1) / _rarity(settings), 1)}, if their number "
                "does not depend on scores"
            )
        yield f"threshold 2^{settings['threshold'] / 65536:.3f}"
        if settings["source"] == "conformal":
            ranks = settings["ranks"]
            yield f"{ranks['ties']} ties, {ranks['contaminated']} bad at first"
        if settings["source"] == "frozen":
            delta = Fraction(*unpack_from("<QQ", self.session.files["frozen"], _DELTA))
            yield f"confidence 1 - {delta}, over the calibration runs"
        if settings["reports"] is not None:
            yield "of {} reporters at most {} lie or are silent".format(*settings["reports"])
        if settings["run_alpha"] is not None:
            yield f"of good runs at most {settings['run_alpha']} alarm by themselves"
        for one in sorted(self._levels):
            yield f"of those that a reading names at most {one} behave, expected"


def _judged_as(settings: Mapping[str, Any]) -> Iterator[str]:
    yield settings["mode"]
    yield settings["policy"]
    asserted = settings["source"] == "asserted"
    yield settings["source"] + ": NOT the increments, which the signer asserts" * asserted
    if settings["enrolled"] is not None:
        yield f"{settings['enrolled']} enrolled"
    if binning := settings["binning"]:
        yield f"scores {binning}: {'high' if binning == BINNING else 'low'} is suspect"
    if settings["source"] == "conformal":
        ranks = settings["ranks"]
        yield f"kappas {' and '.join(ranks['kappas'])} after {ranks['n0']} runs"


def _rarity(settings: Mapping[str, Any]) -> Fraction:
    """Return how many observations, or beginnings, there are to a false alarm at least."""
    for value in settings["promise"].values():
        return Fraction(value) if settings["mode"] in _ENDLESS else 1 / Fraction(value)
    return Fraction(1 << (settings["threshold"] >> 16))


def _some(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(sorted(names)[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "") or (
        "none"
    )
