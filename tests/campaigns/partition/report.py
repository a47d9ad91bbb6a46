"""What is reported of a campaign, from its histories alone."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.campaigns.partition.campaign import judge
from tests.campaigns.partition.faults import FAULTS, Fault
from tests.campaigns.partition.history import History, load

__all__ = ["FRESH_S", "digest_of", "folder_of", "report_of", "text_of"]

FRESH_S = 2.0
"""After the end of a nemesis all weights are to be 1 within so long, in a run at full speed."""


def folder_of(out: Path, fault: Fault | None = None) -> Path:
    """Return where the history of the campaign is, or that of a planted fault."""
    return out / "planted" / fault.name.replace(" ", "-") if fault else out / "history"


def report_of(out: Path, history: History) -> dict[str, Any]:
    """Return everything that is reported.

    Parameters
    ----------
    out : Path
        Folder of the campaign; planted faults whose histories are in it are reported, too.
    history : History
        Of the campaign, as loaded from `folder_of`.
    """
    nemeses = [asdict(one) | {"holds": one.holds} for one in judge(history)]
    planted = [_planted(out, fault) for fault in FAULTS if folder_of(out, fault).exists()]
    checked = {"nemeses": nemeses, "planted": planted}
    memory, used = (_event(history, kind) for kind in ("memory", "processor"))
    fresh = FRESH_S * history.settings["slower"]
    holds = all(one["holds"] and one["fresh_after_s"] <= fresh for one in nemeses)
    return {
        "nodes": history.settings["nodes"],
        "sites": history.settings["sites"],
        "fresh_s": fresh,
        "slower": history.settings["slower"],
        "deadline": history.settings["deadline"] // 10**6,
        "seconds": round((history.events[-1]["t"] - history.events[0]["t"]) / 1e9),
        "up_s": memory["up_s"],
        "mb_per_node": memory["mb_per_node"],
        "processor_min": round(used["seconds"] / 60, 1),
        "heard": history.heard,
        "history_sha256": digest_of(folder_of(out)),
        "checkers_sha256": hashlib.sha256(text_of(checked).encode()).hexdigest(),
        "holds": holds and all(one["caught"] for one in planted),
        **checked,
    }


def _event(history: History, kind: str) -> dict[str, Any]:
    return next(event for event in history.events if event["type"] == kind)


def text_of(checked: dict[str, Any]) -> str:
    """Return what the checkers said as the text whose digest identifies it."""
    return json.dumps(checked, indent=1, sort_keys=True) + "\n"


def digest_of(folder: Path) -> str:
    """Return the SHA-256 over the names and contents of a history's files, in order of names."""
    total = hashlib.sha256()
    for path in sorted(folder.glob("*.jsonl")):
        total.update(path.name.encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _planted(out: Path, fault: Fault) -> dict[str, Any]:
    """Return whether a planted fault was caught, and by whom."""
    folder = folder_of(out, fault)
    found = judge(load(folder))[0].findings
    violations = {name: one["violations"] for name, one in found.items() if one["violations"]}
    return {
        "fault": fault.name,
        "what": fault.what,
        "nemesis": fault.nemesis,
        "catcher": fault.catcher,
        "caught": fault.catcher in violations,
        "violations": violations,
        "history_sha256": digest_of(folder),
    }
