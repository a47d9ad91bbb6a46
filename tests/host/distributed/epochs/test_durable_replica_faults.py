"""A durable replica killed at every call to the disk, and on a disk that fails, in every step.

Whatever a crash leaves: started again it says what it had said, byte for byte, and comes to the
same votes as a replica that nothing disturbed. The rounds are kept: what came in the round of the
crash comes once more.
"""

from contextlib import suppress
from random import Random

import pytest

from consilience.distributed.epochs.votes import Vote, tally
from consilience.errors import BadInput
from tests.campaigns.crash.disk import Disk
from tests.campaigns.crash.faulty_disk import FAULTS, FaultyDisk
from tests.campaigns.crash.folders import laid_out
from tests.campaigns.crash.states import states
from tests.host.distributed.epochs.lives import SUBJECT, opened, undisturbed
from tests.host.distributed.epochs.shard import roster

PATH = "state/replica"


def lived(folder, start=0):
    """Run the steps from one on; return the number of the step that failed, or of all."""
    steps, said, _ = undisturbed()
    replica = None
    try:
        replica = opened(folder / PATH)
        for place in range(start, len(steps)):
            assert steps[place](replica) == said[place], f"step {place}"
            start = place + 1
    except (OSError, KeyboardInterrupt):
        pass
    except BadInput as error:  # what cannot be opened is told as a path to change
        assert "cannot hold" in str(error) or "cannot be written" in str(error)
    finally:
        if replica is not None:
            with suppress(OSError):
                replica.close()
    return start


def calls():
    """Return how many calls to the disk a run without a fault makes."""
    disk = Disk()
    with laid_out({}) as folder, FaultyDisk(folder, disk) as faulty:
        assert lived(folder) == len(undisturbed()[0])
        return faulty.calls


def dies_at(call):
    """Kill it at a call; then start it on everything that the disk may hold, and finish."""
    disk, everything = Disk(), len(undisturbed()[0])
    with laid_out({}) as folder, FaultyDisk(folder, disk, dead_from=call):
        reached = lived(folder)
    for state in states(disk, Random(call), drawn=2):
        if state.in_order:
            with laid_out(state.tree) as folder:
                assert lived(folder, reached) == everything
    return reached


def fails_at(call, share):
    """Let one call fail, start again on the same disk, finish; then lose power, and look."""
    steps, said, _ = undisturbed()
    disk = Disk()
    with laid_out({}) as folder, FaultyDisk(folder, disk, plan={call: share}):
        reached = lived(folder)
        for _ in range(3):  # a fault of one call can fail the next, too
            reached = lived(folder, reached)
    assert reached == len(steps)
    least = next(states(disk, Random(call)))
    with laid_out(least.tree) as folder, opened(folder / PATH) as replica:
        assert [("vote", 1, bytes(replica.vote()))] == said[-1]


def test_nobody_is_named_in_the_undisturbed_run():
    """The steps are worth something: reports, late proofs and corrections, all agree."""
    _, said, others = undisturbed()
    for epoch in (0, 1):
        (own,) = (
            Vote.from_bytes(one[2])
            for found in said
            for one in found or ()
            if one[:2] == ("vote", epoch)
        )
        found = tally([own, others[epoch, 1], others[epoch, 2]], epoch, roster())
        assert (found.agreeing, found.named, own.replica) == ((0, 1, 2), {}, SUBJECT)


def test_killed_at_some_calls_of_every_step():
    all_calls = calls()
    reached = {dies_at(call) for call in range(1, all_calls + 1, 7)}
    assert len(reached) >= 8, "half of the steps were cut short"


@pytest.mark.slow
def test_killed_at_every_call():
    for call in range(1, calls() + 1):
        dies_at(call)


@pytest.mark.slow
@pytest.mark.parametrize("share", [place / 5 for place in range(5)])
def test_every_call_fails_in_every_way(share):
    assert max(map(len, FAULTS.values())) == 5
    for call in range(1, calls() + 1):
        fails_at(call, share)


def test_some_calls_fail():
    for call in range(1, calls() + 1, 7):
        fails_at(call, call % 5 / 5)


def test_a_restart_between_any_two_steps():
    """Without any fault: the folder is closed and opened again before each step."""
    steps, said, _ = undisturbed()
    with laid_out({}) as folder:
        for step, expected in zip(steps, said, strict=True):
            with opened(folder / PATH) as replica:
                assert step(replica) == expected
