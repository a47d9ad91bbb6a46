"""Forgeries of records: what two readers may take for two things, and what no reader looks at."""

import struct

from consilience.audit.entries import entry
from tests.campaigns.forgeries.false_verdicts import RUN
from tests.campaigns.forgeries.settings import setting
from tests.campaigns.forgeries.swapped import _LIMITS, file_of, number

NOT_ONE_FORM = "is not written as a record is"


def rewritten(session, kind, by, at=0):
    """Exchange the bytes of a record: by a function of them."""

    def forge(forger):
        place = forger.places(session, kind)[at]
        forger.records[place] = by(entry(*forger.records[place]))

    return forge


def field(session, kind, at, value, place=0):
    """Exchange a field of a record: by a function of it."""

    def forge(forger):
        record = forger.of(session, kind)[place]
        record[at] = value(record[at])

    return forge


def begin_with(session, old, new):
    """Exchange bytes of the beginning of a session."""

    def forge(forger):
        for at, one in enumerate(forger.records):
            if one[0] == "begin" and one[2] == session:
                data = entry(*one)
                assert old in data, data
                forger.records[at] = data.replace(old, new, 1)

    return forge


def outside_model(forger):
    """Let a session's model lie beside the package."""
    told = forger.begin("model")["files"]["model"]
    path = forger.folder.parent / "beside"
    path.write_bytes(forger.bytes(told["path"]))
    told["path"] = "files/../../beside"
    forger.extra = {told["path"]: told["sha256"]}


def nothing_at_all(forger):
    forger.records, forger.predicate["sessions"] = [], []


def twice_a_run(forger):
    """Let a hijacked run count twice."""
    place = forger.places("frozen", "bin")[-1]
    forger.records.insert(place + 1, list(forger.records[place]))


def rises(forger):
    """Let the threshold rise with a fleet that does not grow, ahead of the first alarm."""
    begin = forger.begin("frozen")
    place = forger.places("frozen", "bin")[0]
    forger.records.insert(place, ["enrol", 9, begin["threshold"] + 40 * 65536])
    begin["enrolled"] = 9
    for at in reversed(forger.places("frozen", "alarm")):
        del forger.records[at]


def other_history(forger):
    """Let the hijacked runs stand in a history of their own, where nothing is judged."""
    runs = [one for one in forger.of("restart", "run") if one[1] == "a1" and one[3] >= 55]
    for ordinal, one in enumerate(runs):
        one[3], one[6], one[7] = ordinal, None, None
        one.append("another")
    for at in reversed(forger.places("restart", "alarm", "run alarm")):
        del forger.records[at]


def edges_fall(data):
    """Exchange two edges of a table."""
    at = _LIMITS + 40
    return data[:at] + data[at + 8 : at + 16] + data[at : at + 8] + data[at + 16 :]


def bet_of_all(data):
    """Let a bet be the whole: kappa 1."""
    return data[:32] + struct.pack("<HB", 1, 0) + data[35:]


def reversed_segments(data):
    offsets = list(struct.unpack("<9q", data))
    offsets[3], offsets[4] = offsets[4], offsets[3]
    return struct.pack("<9q", *offsets)


def negative_bad_runs(forger):
    """Let every rank be one better than it is: recomputed all the same."""
    forger.begin("cusum")["ranks"]["contaminated"] = -1


def in_utf16(data):
    return data.decode().encode("utf-16")


def escaped(data):
    """Write a letter of a name as an escape: another text to who compares bytes."""
    assert b'"a1"' in data
    return data.replace(b'"a1"', b'"\\u00611"', 1)


def unicode_twin(forger):
    """Name an agent of a run by letters that look the same."""
    forger.of("restart", "run")[190][1] = "\N{CYRILLIC SMALL LETTER A}1"


def capital(forger):
    runs = [one for one in forger.of("restart", "run") if one[1] == "a1" and one[3] == 60]
    runs[0][1] = "A1"


FALSE = [
    ("ambiguous record", "an escape in a name", rewritten("restart", "run", escaped, 1),
     RUN + NOT_ONE_FORM),
    ("ambiguous record", "a space",
     rewritten("restart", "run", lambda one: one.replace(b",", b", ", 1)),
     RUN + NOT_ONE_FORM),
    ("ambiguous record", "CR LF at its end", rewritten("restart", "run", lambda one: one + b"\r\n"),
     RUN + NOT_ONE_FORM),
    ("ambiguous record", "in UTF-16", rewritten("restart", "run", in_utf16),
     r"record \d+: is no record of its session \(UnicodeDecodeError"),
    ("ambiguous record", "a threshold twice, the first lower",
     begin_with("restart", b'"threshold":', b'"threshold":1,"threshold":'),
     RUN + "a name stands twice in one object"),
    ("ambiguous record", "a huge line",
     rewritten("restart", "run", lambda one: one[:-1] + b',"' + b"x" * 60_000 + b'"]'),
     RUN + r"(the fields of 'run'|run .* stands in another history)"),
    ("other types", "a number of a start with decimals",
     rewritten("restart", "run", lambda one: one.replace(b",0,", b",0.0,", 1)),
     RUN + r"0\.0 is no whole number"),
    ("other types", "a score with decimals", field("restart", "run", 4, lambda one: one + 0.5),
     RUN + r"\S+ is no whole number"),
    ("other types", "a number of a start is true", field("restart", "run", 3, lambda _: True, 3),
     RUN + r"the fields of 'run' are ssb"),
    ("other types", "a decision is true",
     field("robust", "robust", 5, lambda one: [*one[:4], bool(one[4])]),
     RUN + r"the fields of 'robust' are liii\?"),
    ("other types", "NaN",
     rewritten("restart", "run", lambda one: one.replace(b"null,null]", b"NaN,null]")),
     RUN + "NaN is no whole number"),
    ("other types", "a flag is 0", field("restart", "state", 5, lambda _: 0),
     RUN + r"the fields of 'state' are"),
    ("other types", "a field more", rewritten("restart", "alarm", lambda one: one[:-1] + b",1]"),
     RUN + r"the fields of 'alarm' are ssii"),
    ("out of range", "a score of 65 bits", field("restart", "run", 4, lambda _: 1 << 64),
     RUN + "number 18446744073709551616 is out of range"),
    ("out of range", "a code of 33 bits of evidence",
     field("posterior", "evidence", 2, lambda one: [1 << 32, *one[1:]]),
     RUN + r"codes of evidence .* out of range"),
    ("out of range", "a ratio of 33 bits",
     field("robust", "robust", 1, lambda one: [1 << 32, *one[1:]]),
     RUN + r"ratios .* out of range"),
    ("out of range", "a number of 5,000 digits",
     rewritten("restart", "run", lambda one: one.replace(b",0,", b"," + b"9" * 5_000 + b",", 1)),
     r"record \d+: is no record of its session|out of range|one was left out"),
    ("out of range", "an agent of 65 bits", field("posterior", "evidence", 1, lambda _: 1 << 64),
     RUN + r"number .* out of range"),
    ("look-alike names", "a letter of another alphabet", unicode_twin,
     RUN + "(run|one was left out|.*history)"),
    ("look-alike names", "a capital letter", capital, RUN + ".*(left out|increments)"),
    ("counted twice", "a hijacked run", twice_a_run, RUN + r"run '\w+' of 'a1' comes twice"),
    ("edited evidence", "hijacked runs in a history of their own", other_history,
     RUN + "run .* of 'a1' stands in another history"),
    ("edited evidence", "a run stands a little higher",
     field("once", "run", 5, lambda _: 99 * 65536, 2), RUN + r"run .* stands as \d+"),
    ("other threshold", "it rises where nobody enrols", rises,
     RUN + r"threshold \d+, right is \d+"),
    ("other threshold", "a promise in another form", setting("restart", promise={"arl": "2e2"}),
     RUN + "'2e2' is no whole number and no fraction"),
    ("other threshold", "a promise of a million digits",
     setting("restart", promise={"arl": "1e999999999"}), RUN + ".* is no whole number"),
    ("other threshold", "a share of runs above 1", setting("restart", run_alpha="3/2"),
     RUN + "session 'restart': run_alpha is no share"),
    ("forged reading", "a level that was not stated", setting("restart", readings=["1/20", []]),
     RUN + "no reading at alpha 1/10 is stated"),
    ("forged reading", "none was stated", setting("restart", readings=None),
     RUN + "no reading at alpha 1/10 is stated"),
    ("forged reading", "of a group that was not stated",
     field("restart", "fleet", 3, lambda _: ["a1"]),
     RUN + r"the reading is of 5 agents, but \[\] are enrolled"),
    ("other parameters", "one that nobody knows", setting("restart", mute=["a1"]),
     RUN + r"session 'restart': has \['mute'\] too many"),
    ("other parameters", "weights are no list of numbers",
     setting("restart", weights=[-65536, True]),
     RUN + "session 'restart': weights, threshold or fleet"),
    ("changed calibration", "bad runs among the first below none", negative_bad_runs,
     RUN + "session 'cusum': n0 is 50, the least is 50; -1 may be bad"),
    ("changed calibration", "a history of 50.0 runs",
     begin_with("restart", b'"n0":50', b'"n0":50.0'),
     RUN + r"50\.0 is no whole number"),
    ("changed calibration", "edges that fall", file_of("frozen", "frozen", edges_fall),
     RUN + "files/frozen/frozen: its edges do not ascend, or bets"),
    ("changed calibration", "a bet that is the whole", file_of("frozen", "frozen", bet_of_all),
     RUN + r"files/frozen/frozen: .*bets .* are none"),
    ("changed calibration", "a delta of more than 1",
     file_of("frozen", "frozen", number("<Q", 16, 1 << 40)),
     RUN + "files/frozen/frozen: is no frozen table, or its delta is none"),
    ("changed calibration", "an unknown flag", file_of("frozen", "frozen", number("<B", 11, 2)),
     RUN + "files/frozen/frozen: is no frozen table"),
    ("changed calibration", "codes of another format",
     file_of("frozen", "frozen", number("<I", 6, 1)),
     RUN + "files/frozen/frozen: is no frozen table"),
    ("swapped model", "its end is none of its symbols",
     file_of("model", "model", number("<I", 22, 9)), RUN + "files/model/model: is no model"),
    ("false log sum", "segments that run backwards", file_of("sums", "offsets", reversed_segments),
     RUN + "files/sums/results: has not one result for each segment, or these do not ascend"),
    ("empty package", "no record at all", nothing_at_all, "checkpoint: of a log without records"),
    ("outside the package", "a model beside it", outside_model,
     r"'files/\.\./\.\./beside': is no path within the package"),
]  # fmt: skip
