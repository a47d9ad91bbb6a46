"""False verdicts under the operator's own key: all is consistent, and recomputation finds it."""

RUN = r"tile/entries/\S+: record \d+: "


def drop(session, kind, at=0):
    def forge(forger):
        del forger.records[forger.places(session, kind)[at]]

    return forge


def insert(session, kind, record, at=0):
    """Put a record behind one of a kind."""

    def forge(forger):
        forger.records.insert(forger.places(session, kind)[at] + 1, record)

    return forge


def change(session, kind, field, by, at=-1):
    """Change a field of a record: by a function of it."""

    def forge(forger):
        record = [one for one in forger.of(session, kind) if one[field] is not None or field == 5][
            at
        ]
        record[field] = by(record[field])

    return forge


def more(value):
    return value + 1


def first_more(values):
    return [values[0] + 1, *values[1:]]


def hidden_alarm(forger):
    """Take an alarm away, and let the statistic stay below the threshold."""
    at = forger.places("restart", "alarm")[0]
    forger.records[at - 1][7] = forger.begin("restart")["threshold"] - 1
    del forger.records[at]


def dropped_and_renumbered(forger):
    places = forger.places("restart", "run")
    gone = next(
        at for at in places if forger.records[at][1] == "a1" and forger.records[at][3] == 20
    )
    for at in places:
        if at > gone and forger.records[at][1] == "a1":
            forger.records[at][3] -= 1
    del forger.records[gone]


def swapped_runs(forger):
    """Let two runs of an agent come in the other order, each with the other's number."""
    places = [at for at in forger.places("once", "run") if forger.records[at][1] == "a0"]
    one, other = forger.records[places[55]], forger.records[places[56]]
    one[2], other[2] = other[2], one[2]
    one[4], other[4] = other[4], one[4]


def moved_to_another_agent(forger):
    runs = [one for one in forger.of("restart", "run") if one[1] == "a1" and one[3] == 60]
    runs[0][1] = "a2"


def all_lower(forger):
    """Lower the scores of the hijacked runs; statistics stay."""
    for one in forger.of("restart", "run"):
        if one[1] == "a1" and one[3] >= 55:
            one[4] -= 4 * 65536


def far(values):
    return [-values[0], *values[1:]]


FALSE = [
    ("flipped verdict", "an alarm is left out", drop("restart", "alarm"),
     RUN + r"is \[.*\], but \['alarm', 'a1', .*\] follows here"),
    ("flipped verdict", "an alarm less, its statistic lowered", hidden_alarm,
     RUN + r"run '\d+' of 'a1': statistic \d+, recomputed \d+"),
    ("flipped verdict", "an alarm of an agent that behaves",
     insert("restart", "run", ["alarm", "a0", "12", 700000], 200),
     RUN + r"the alarm of \['a0'\] does not follow here"),
    ("flipped verdict", "the alarm of another run", change("once", "alarm", 2, lambda _: "1"),
     RUN + r"is \['alarm'.*\], but \['alarm', .*\] follows here"),
    ("flipped verdict", "the alarm of another agent", change("spread", "alarm", 1, lambda _: "a0"),
     RUN + r"is \['alarm', 'a0'.*follows here"),
    ("flipped verdict", "an alarm of a run by itself is left out", drop("restart", "run alarm"),
     RUN + r"is \[.*\], but \['run alarm', .*\] follows here"),
    ("flipped verdict", "an alarm of a frozen table's monitor is left out", drop("frozen", "alarm"),
     RUN + r".*'alarm', 'a1'.* follows here"),
    ("flipped verdict", "an alarm of a model's monitor is left out", drop("model", "alarm"),
     RUN + r".*'alarm', 'x'.* follows here"),
    ("flipped verdict", "an alarm of asserted increments is left out", drop("asserted", "alarm"),
     RUN + r".*'alarm', 'q'.* follows here"),
    ("other statistic", "1 ulp more", change("restart", "run", 7, more),
     RUN + r"run .* of 'a\d': statistic -?\d+, recomputed -?\d+"),
    ("other statistic", "of a spread", change("spread", "run", 7, more), RUN + ".*statistic"),
    ("other statistic", "of a cusum", change("cusum", "run", 7, more), RUN + ".*statistic"),
    ("other statistic", "of a frozen table", change("frozen", "bin", 5, more), RUN + ".*statistic"),
    ("other statistic", "of a model", change("model", "call", 6, more), RUN + ".*statistic"),
    ("other statistic", "of asserted increments", change("asserted", "given", 4, more),
     RUN + ".*statistic"),
    ("other increments", "1 ulp more", change("restart", "run", 6, first_more),
     RUN + r"run .* of 'a\d': increments \[.*\], recomputed \[.*\]"),
    ("other increments", "of a frozen table", change("frozen", "bin", 4, first_more),
     RUN + ".*increments"),
    ("other increments", "of a model",
     change("model", "call", 5, first_more), RUN + ".*increments"),
    ("other increments", "asserted, with the statistic of before",
     change("asserted", "given", 3, first_more), RUN + ".*statistic"),
    ("edited evidence", "hijacked runs have lower scores", all_lower, RUN + ".*increments"),
    ("edited evidence", "a score of the calibration",
     change("restart", "run", 4, lambda _: 1 << 40, 3),
     RUN + ".*increments"),
    ("edited evidence", "a run stands higher in the history",
     change("restart", "run", 5, lambda _: 1 << 50, 3), RUN + r"run .* stands as \d+"),
    ("edited evidence", "a score of a frozen table",
     change("frozen", "bin", 3, lambda _: -(1 << 40)),
     RUN + ".*increments"),
    ("edited evidence", "another call of a model",
     change("model", "call", 4, lambda one: 3 - one, 7),
     RUN + ".*increments"),
    ("edited evidence", "another context", change("model", "call", 3, lambda one: 1 - one, 2),
     RUN + ".*increments"),
    ("edited evidence", "a call of no context", change("model", "call", 3, lambda _: 9, 7),
     r"record \d+: is no record of its session"),
    ("edited evidence", "a run of another agent", moved_to_another_agent,
     RUN + r"run '60' of 'a2': increments \[.*\], recomputed \[.*\]"),
    ("dropped row", "a run is left out", drop("restart", "run", 30),
     RUN + r"run \d+ of 'a\d' after run \d+: one was left out"),
    ("dropped row", "a run is left out, the others renumbered", dropped_and_renumbered,
     RUN + ".*(increments|statistic|follows)"),
    ("dropped row", "a call is left out", drop("model", "call", 60), RUN + ".*statistic"),
    ("dropped row", "a run of a frozen table is left out", drop("frozen", "bin", 20),
     RUN + ".*statistic"),
    ("reordered rows", "two runs in the other order", swapped_runs, RUN + ".*increments"),
    ("forged events", "an acknowledgement is left out", drop("restart", "acknowledge"),
     RUN + "(the alarm of|state of)"),
    ("forged events", "an acknowledgement that was none",
     insert("restart", "alarm", ["acknowledge", "a1"]), RUN + r".*\['alarm', 'a1'.*follows here"),
    ("forged events", "a renewal is left out", drop("once", "renew"), RUN + ".*(statistic|state)"),
    ("forged events", "a renewal that was none", insert("once", "run", ["renew", "a0", False], 105),
     RUN + ".*statistic"),
    ("forged events", "a recalibration is left out", drop("spread", "recalibrate"),
     RUN + r"run 'anew'"),
    ("forged events", "a recalibration that was none",
     insert("spread", "run", ["recalibrate", "a0"], 110), RUN + r"run '\d+': \[.*\], but None"),
    ("forged events", "a fleet that shrinks", insert("restart", "fleet", ["enrol", 2, 1]),
     RUN + "the fleet or its threshold falls"),
    ("forged reading", "a name less", change("restart", "fleet", 4, lambda _: [], 2),
     RUN + r"the reading at alpha 1/10 names \[\], recomputed \['a1'\]"),
    ("forged reading", "a name more", change("restart", "fleet", 4, lambda one: [*one, "a0"]),
     RUN + "the reading at alpha"),
    ("forged reading", "another alpha", change("restart", "fleet", 1, lambda _: "1/1000000", 2),
     RUN + "no reading at alpha 1/1000000 is stated"),
    ("forged reading", "fewer agents", change("restart", "fleet", 2, lambda _: 3),
     RUN + "the reading is of 3 agents, but 5 are enrolled"),
    ("forged state", "another R", change("restart", "state", 2, first_more), RUN + "state of"),
    ("forged state", "m is another", change("restart", "state", 4, more), RUN + "state of"),
    ("false posterior", "1 ulp", change("posterior", "posterior", 2, first_more),
     RUN + r"posterior of \d+ is \[.*\], recomputed \[.*\]"),
    ("false posterior", "evidence of 1 ulp more and less",
     change("posterior", "evidence", 2, lambda one: [one[0] + 90000, *one[1:]], 10),
     RUN + "posterior of"),
    ("false posterior", "another weight",
     change("posterior", "evidence", 3, lambda one: 65536 - one),
     RUN + "posterior of"),
    ("false posterior", "a posterior is left out", drop("posterior", "posterior"),
     RUN + r"no posterior comes of \[\d\]"),
    ("false posterior", "a row is left out",
     drop("posterior", "evidence", 5), RUN + "posterior of"),
    ("false robust result", "another decision",
     change("robust", "robust", 5, lambda one: [*one[:4], 1 - abs(one[4])]),
     RUN + r"the robust result is \[.*\], recomputed \[.*\]"),
    ("false robust result", "fewer liars", change("robust", "robust", 2, lambda _: 1),
     RUN + "the robust result is"),
    ("false robust result", "another ratio", change("robust", "robust", 1, far),
     RUN + "the robust result is"),
]  # fmt: skip
