"""The forgeries: who forges what, and the words by which verify.py must refuse it.

CARELESS changes files and rebuilds nothing. HASTY signs a statement over what was changed, with the
operator's key, and rebuilds less than all. STRANGER and OPERATOR rebuild everything, so that it is
consistent: with a key of their own, and with the operator's. What an operator does to the evidence
itself, and judges anew, only an earlier checkpoint shows: `rejudged`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from tests.campaigns.forgeries import (
    added_words,
    false_reports,
    false_verdicts,
    files,
    hostile_files,
    hostile_records,
    settings,
    swapped,
)
from tests.campaigns.forgeries.forger import STRANGER, Forger


class Who(Enum):
    CARELESS = "careless"
    HASTY = "hasty"
    STRANGER = "a stranger's key"
    OPERATOR = "the operator's key"


@dataclass(frozen=True)
class Forgery:
    """One forgery.

    Parameters
    ----------
    kind, name : str
        The kind, of which there may be several, and this one.
    who : Who
    plant : function of Forger
    words : str
        A regular expression that the refusal must match.
    """

    kind: str
    name: str
    who: Who
    plant: Callable[[Forger], None]
    words: str

    def __str__(self):
        return f"{self.who.name.lower()}: {self.kind}: {self.name}"

    def forge(self, folder):
        """Forge the package in a folder, in place."""
        forger = Forger(folder)
        self.plant(forger)
        if self.who is Who.STRANGER:
            forger.rebuild(STRANGER)
        elif self.who is Who.OPERATOR:
            forger.rebuild()


def _all():
    careless = [
        Forgery(*one[:2], Who.CARELESS, *one[2:])
        for one in (*files.CARELESS, *added_words.CARELESS)
    ]
    hasty = [
        Forgery(*one[:2], Who.HASTY, *one[2:])
        for one in (*files.HASTY, *hostile_files.HASTY, *added_words.HASTY)
    ]
    false = [
        *false_verdicts.FALSE,
        *false_reports.FALSE,
        *settings.FALSE,
        *swapped.FALSE,
        *hostile_records.FALSE,
        *added_words.FALSE,
    ]
    operator = [Forgery(*one[:2], Who.OPERATOR, *one[2:]) for one in false]
    unknown = r"statement\.dsse\.json: the signer is unknown"
    strangers = [
        Forgery("unknown key", f"unknown key: {one.name}", Who.STRANGER, one.plant, unknown)
        for one in operator[::7]
    ]
    return [*careless, *hasty, *strangers, *operator]


FORGERIES = _all()
