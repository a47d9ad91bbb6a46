"""Evidence that the operator edits and judges anew: all that is signed follows from it.

Nothing in such a package is wrong, and verify.py verifies it. What shows the forgery is a
checkpoint from before: one that an auditor kept, or that a witness signed.
"""

from tests.campaigns.forgeries.honest import watch, write


def lines(scores):
    yield b"agent,run,score"
    for run, score in enumerate(scores):
        yield f"a,{run},{score}".encode()


HISTORY = [(7 * run) % 50 / 10 for run in range(60)]
HIJACKED = [9.5, 9.7, 9.9, 9.6, 9.8]
LATER = [(3 * run) % 50 / 10 for run in range(20)]

FIRST = [*HISTORY, *HIJACKED]
"""What the earlier checkpoint is of."""

REJUDGED = {
    "the hijacked runs have the scores of good ones": [*HISTORY, 1.5, 2.5, 0.5, 3.5, 1.0, *LATER],
    "the hijacked runs are left out": [*HISTORY, *LATER],
    "the last two runs are exchanged": [*HISTORY, *HIJACKED[:3], 9.8, 9.6, *LATER],
    "a score of the calibration is another": [*HISTORY[:4], 9.0, *HISTORY[5:], *HIJACKED, *LATER],
}
"""What was done to the evidence before it was judged anew."""


def packaged(folder, scores, **others):
    """Write the package of scores, of a log that goes on; return the path of its checkpoint."""
    session = watch("runs", lines(scores), goes_on=True, arl="50", n0=50)
    write(folder, [session], **others)
    return folder / "checkpoint"
