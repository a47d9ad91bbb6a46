"""False reports under the operator's own key: what reporters said, and how many of them may lie."""

from tests.campaigns.forgeries.false_verdicts import RUN, change, drop
from tests.campaigns.forgeries.settings import setting

FOLLOWS = RUN + r"run '\d+' of 'a0' has score -?\d+ and stands as -?\d+, which does not follow"
NONE = RUN + r"run '\d+': no such reports of \d+ reporters"


def lowest_left_out(forger):
    """Leave out the reporter who said the least of a run."""
    record = next(one for one in forger.of("reports", "reports") if len(one[4]) == 9)
    place = record[4].index(min(record[4]))
    del record[3][place], record[4][place]


def again(forger):
    """Let reports of a run come once more, with other scores."""
    at = forger.places("reports", "reports")[7]
    record = forger.records[at]
    forger.records.insert(at + 1, [*record[:4], [one + 65536 for one in record[4]]])


FALSE = [
    ("false reports", "all said less",
     change("reports", "reports", 4, lambda one: [x - 9 for x in one]),
     FOLLOWS),
    ("false reports", "one said less than all",
     change("reports", "reports", 4, lambda one: [-1 << 40, *one[1:]]),
     FOLLOWS),
    ("false reports", "a reporter is left out", lowest_left_out, FOLLOWS),
    ("false reports", "a reporter speaks twice",
     change("reports", "reports", 3, lambda one: [one[1], *one[1:]]), NONE),
    ("false reports", "reports are left out", drop("reports", "reports", 8), FOLLOWS),
    ("false reports", "reports come twice", again, NONE),
    ("false reports", "fewer may lie", setting("reports", reports=[9, 1]), FOLLOWS),
    ("false reports", "more may lie than can", setting("reports", reports=[9, 3]), NONE),
    ("false reports", "fewer are enrolled", setting("reports", reports=[7, 2]),
     f"{NONE}|{FOLLOWS}"),
    ("false reports", "nobody may lie", setting("reports", reports=None),
     r"record \d+: is no record of its session|which does not follow"),
    ("false reports", "a run has another score than was said",
     change("reports", "run", 4, lambda one: one + 1, 2), FOLLOWS),
]  # fmt: skip
