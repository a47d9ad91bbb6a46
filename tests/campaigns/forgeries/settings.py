"""False settings under the operator's own key: the promise, the statistic, the calibration."""

from consilience.audit.statement import canonical_json
from tests.campaigns.forgeries.false_verdicts import RUN


def setting(session, **values):
    def forge(forger):
        forger.begin(session).update(values)

    return forge


def ranks(session, **values):
    def forge(forger):
        forger.begin(session)["ranks"].update(values)

    return forge


def higher_threshold(forger):
    forger.begin("restart")["threshold"] += 65536


def lower_without_promise(forger):
    settings = forger.begin("restart")
    settings["promise"], settings["threshold"] = {}, settings["threshold"] + 6 * 65536


def no_seed(forger):
    seeds = forger.json("seeds.json")
    del seeds["restart"]
    forger.put("seeds.json", canonical_json(seeds))


def seed_not_committed(forger):
    seeds = forger.json("seeds.json")
    forger.put("seeds.json", canonical_json({**seeds, "restart": 77}))


def session_again(forger):
    begin = next(one for one in forger.records if one[:1] + one[2:3] == ["begin", "robust"])
    forger.records.append(begin)
    forger.predicate["sessions"].append("robust")


def dropped_session(forger):
    at = next(n for n, one in enumerate(forger.records) if one[2:3] == ["robust"])
    del forger.records[at:]


def unknown_kind(forger):
    begin = next(one for one in forger.records if one[:1] + one[2:3] == ["begin", "robust"])
    begin[3] = "magic"


def other_version(forger):
    forger.records[0][1] = 3


def no_beginning(forger):
    del forger.records[0]


def stray(forger):
    forger.records.insert(forger.places("posterior", "evidence")[0], ["alarm", "a1", "1", 1])


FALSE = [
    ("other threshold", "a bit higher than the promise needs", higher_threshold,
     RUN + r"session 'restart': threshold \d+, right is \d+"),
    ("other threshold", "another promise", setting("restart", promise={"arl": "100000"}),
     RUN + r"session 'restart': threshold \d+, right is \d+"),
    ("other threshold", "no promise, so that an alarm falls away", lower_without_promise,
     RUN + r"the alarm of \['a1'\] does not follow here"),
    ("other threshold", "a promise that the mode has not", setting("once", promise={"arl": "10"}),
     RUN + r"session 'once': mode once promises no arl"),
    ("other parameters", "weights sum to above 1", setting("restart", weights=[0, 0]),
     RUN + r"session 'restart': weights sum to above 1"),
    ("other parameters", "other weights", setting("restart", weights=[-65536, -131072]),
     RUN + ".*statistic"),
    ("other parameters", "another mode", setting("restart", mode="cusum"),
     RUN + ".*(statistic|no arl|reading)"),
    ("other parameters", "an unknown mode", setting("restart", mode="average"),
     RUN + r"session 'restart': mode or policy is unknown"),
    ("other parameters", "another policy", setting("cusum", policy="latch"),
     RUN + ".*(statistic|follow|state)"),
    ("other parameters", "fewer enrolled", setting("restart", enrolled=2),
     RUN + r"the reading is of 5 agents, but 2 are enrolled"),
    ("other parameters", "fewer enrolled, where nothing is read", setting("once", enrolled=1),
     RUN + r"agent 'a1' comes after 1 enrolled"),
    ("other parameters", "no alarms of single runs", setting("restart", run_alpha=None),
     RUN + r"the run alarm of .* does not follow here"),
    ("changed calibration", "fewer runs of history", ranks("restart", n0=49),
     RUN + r"session 'restart': n0 is 49, the least is 50"),
    ("changed calibration", "more runs of history", ranks("restart", n0=55),
     RUN + r"run '50': \[.*\], but None follows"),
    ("changed calibration", "other bets", ranks("restart", kappas=["1/8", "1/2"]),
     RUN + ".*increments"),
    ("changed calibration", "a bet that is none", ranks("restart", kappas=["1/3", "1/2"]),
     RUN + "kappa 1/3 is no a / 2\\^b"),
    ("changed calibration", "no bad runs among the first", ranks("cusum", contaminated=0),
     RUN + ".*increments"),
    ("changed calibration", "ties in favour of an alarm", ranks("cusum", ties="seeded"),
     RUN + r"session 'cusum': has \[\] too many, lacks \['seed_sha256'\]"),
    ("changed calibration", "ties against the runs", ranks("once", ties="full"),
     RUN + r"session 'once': has \['seed_sha256'\] too many"),
    ("chosen chance", "another seed", lambda forger: forger.reseed("restart", 99),
     RUN + ".*increments"),
    ("chosen chance", "another seed than the log committed to", seed_not_committed,
     RUN + r"seeds\.json has another seed of 'restart' than the log"),
    ("chosen chance", "the seed is kept back", no_seed,
     RUN + r".*but no seed of it"),
    ("forged sessions", "one begins twice", session_again,
     RUN + "session 'robust': version or kind is unknown, or its name is taken"),
    ("forged sessions", "one is dropped", dropped_session,
     r"statement\.dsse\.json: has other sessions"),
    ("forged sessions", "one of an unknown kind", unknown_kind,
     RUN + r"session 'robust': version or kind is unknown"),
    ("forged sessions", "one of another version", other_version, RUN + ".*version or kind"),
    ("forged sessions", "records before the first", no_beginning,
     r"record 0: is no record of its session"),
    ("forged sessions", "an alarm among posteriors", stray,
     RUN + r"kind 'alarm' is none of its session"),
]  # fmt: skip
