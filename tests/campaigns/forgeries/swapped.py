"""Tables, models and raw codes exchanged under the operator's own key."""

import random
import struct

import numpy as np

import consilience as cs
from tests.campaigns.forgeries.false_verdicts import RUN
from tests.campaigns.forgeries.honest import frozen_source

_LIMITS = 32 + 3 * 2 + 8 * 5
"""Where the limits of the honest table begin: header, two bets, five counts."""


def file_of(session, name, made):
    """Exchange a file, and let the log name the new one."""
    return lambda forger: forger.replace_file(
        session, name, made(forger.bytes(f"files/{session}/{name}"))
    )


def behind_the_log(session, name, made):
    """Exchange a file and let the statement alone name it."""

    def forge(forger):
        path = f"files/{session}/{name}"
        forger.put(path, made(forger.bytes(path)))

    return forge


def number(kind, at, by):
    """Change one number of a file, at a byte."""

    def made(data):
        (value,) = struct.unpack_from(kind, data, at)
        changed = bytearray(data)
        struct.pack_into(kind, changed, at, value + by)
        return bytes(changed)

    return made


def other_table(_):
    return bytes(frozen_source(random.Random(8)).table)


def other_model(_):
    p0 = np.log([[0.55, 0.25, 0.1, 0.1], [0.3, 0.3, 0.2, 0.2]])
    p1 = np.log([[0.2, 0.5, 0.2, 0.1], [0.1, 0.6, 0.2, 0.1]])
    return bytes(cs.ModelIncrements(p0, p1, unseen=2, end=3))


def bold_model(data):
    """Let a call under misbehaviour pay twice as much: no e-values any more."""
    return number("<i", 26 + 4 * 8, 65536)(data)


def other_code(data):
    """Let a code of the first segment be larger than all."""
    return data[:100] + bytes(2) + b"\xff\x7f" + data[104:]


FALSE = [
    ("changed calibration", "a limit is lower",
     file_of("frozen", "frozen", number("<Q", _LIMITS + 24, -9)),
     RUN + r"files/frozen/frozen: limit 4 is not the least one of \d+ in 1500 runs"),
    ("changed calibration", "a limit is higher",
     file_of("frozen", "frozen", number("<Q", _LIMITS + 8, 9)),
     RUN + r"files/frozen/frozen: limit 2 is not the least one"),
    ("changed calibration", "a count is another",
     file_of("frozen", "frozen", number("<Q", 32 + 6 + 32, 5)),
     RUN + r"files/frozen/frozen: limit \d is not the least one"),
    ("changed calibration", "other edges",
     file_of("frozen", "frozen", number("<q", _LIMITS + 40 + 16, 40000)),
     RUN + ".*increments"),
    ("changed calibration", "a table of other runs", file_of("frozen", "frozen", other_table),
     RUN + ".*increments"),
    ("changed calibration", "a table behind the log",
     behind_the_log("frozen", "frozen", other_table),
     RUN + r"files/frozen/frozen: is not what the log names"),
    ("changed calibration", "a table that is cut",
     file_of("frozen", "frozen", lambda data: data[:-8]),
     r"record \d+: is no record of its session|left-over bytes"),
    ("swapped model", "one that is not certified", file_of("model", "model", bold_model),
     RUN + r"files/model/model: context 0 is not certified"),
    ("swapped model", "another one", file_of("model", "model", other_model), RUN + ".*increments"),
    ("swapped model", "another one behind the log", behind_the_log("model", "model", other_model),
     RUN + r"files/model/model: is not what the log names"),
    ("swapped model", "a table in its place", file_of("model", "model", other_table),
     r"record \d+: (is no record|.*is no model)"),
    ("false log sum", "a result of 1 ulp more", file_of("sums", "results", number("<i", 8, 1)),
     RUN + r"files/sums/results: row 2: log sum -?\d+, recomputed -?\d+"),
    ("false log sum", "another code",
     file_of("sums", "codes", other_code),
     RUN + r"files/sums/results: row 0: log sum"),
    ("false log sum", "a segment is cut", file_of("sums", "offsets", number("<q", 16, -49)),
     RUN + r"files/sums/results: row 1: log sum"),
    ("false log sum", "a result is missing", file_of("sums", "results", lambda data: data[:-4]),
     RUN + r"files/sums/results: has not one result for each segment"),
]  # fmt: skip
