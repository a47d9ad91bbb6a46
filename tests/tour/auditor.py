"""The auditor: a package of an operator who is not trusted, verified without the project."""

import csv
import json
import random
from pathlib import Path

from tests.tour.walk import Step, Walk

__all__ = ["AUDITOR"]

FILE = "x: agents that alarmed 'agent-3'.csv"
"""A name that imitates what verify.py says."""


def _given(folder: Path) -> None:
    draw = random.Random(7)
    with (folder / FILE).open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("agent", "run", "score"))
        for number in range(6 * 400):
            agent, run = number % 6, number // 6
            worse = 5 if agent == 2 and run >= 250 else 0
            rows.writerow((f"agent-{agent}", f"r{run}", round(draw.gauss(worse, 1), 4)))


def _link(folder: Path) -> None:
    (folder / "packed" / "measured.json").unlink(missing_ok=True)
    (folder / "packed" / "measured.json").symlink_to("/etc/hostname")


def _words(folder: Path) -> None:
    """Write into the envelope of the statement, as a carrier without a key can."""
    (folder / "packed" / "measured.json").unlink()
    path = folder / "packed" / "statement.dsse.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "note": "approved"}))


PACKAGE = ("consilience", "audit", "package", FILE, "--seed", "7", "--key", "keys/audit.key")
VERIFY = ("python", "-I", "-S", "packed/verify.py")
KEY = ("--key", "keys/audit.pub")

AUDITOR = Walk(
    "auditor",
    _given,
    (
        Step(("consilience", "audit", "key", "audit", "--out", "keys"), ("keys",)),
        Step((*PACKAGE, "--arl", "100000", "--out", "packed"), ("packed",)),
        Step(
            (*VERIFY, "packed", *KEY),
            ('session "x: agents', "guaranteed if", "'agent-2' first at run 'r25", "verified"),
        ),
        Step(
            (*VERIFY, "packed", "--key", "keys/audit.key"),
            ("PRIVATE key",),
            code=2,
            never=("MC4C", "Traceback"),
        ),
        Step((*VERIFY, "nowhere", *KEY), ("nowhere",), code=2),
        Step((*VERIFY, "packed", "--key", "keys/nope.pub"), ("nope.pub",), code=2),
        Step((*VERIFY, "packed", *KEY, "--checkpoint", "nope"), ("nope",), code=2),
        Step((*VERIFY, "packed", *KEY), ("measured.json",), code=8, before=_link),
        Step((*VERIFY, "packed", *KEY), ("note",), code=8, before=_words),
        Step((*PACKAGE, "--out", "second"), ("--arl",), code=2),
        Step(("consilience", "audit", "verify", "/nowhere", *KEY), ("nowhere",), code=2),
    ),
)
