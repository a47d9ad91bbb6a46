"""Planted faults of observations in datagrams."""

from tests.campaigns.mutations.mutation import Mutation

__all__ = ["OBSERVATION_GATEWARE"]

FOLDER = "hw/consilience_hw/observations/"
MONITOR = "tests/hw/observations/test_observation_monitor.py::"
PACKER = "tests/hw/observations/test_alarm_packer.py::"
ACCOUNT = MONITOR + "test_alarms_and_counters_are_those_of_the_account[0.0-LATCH]"

OBSERVATION_GATEWARE = (
    Mutation(
        "observations: a number that comes again counts again",
        FOLDER + "observation_checks.py",
        "((distance != 0) & ~distance[-1])",
        "~distance[-1]",
        MONITOR + "test_a_datagram_that_comes_twice_counts_once",
    ),
    Mutation(
        "observations: one of an agent does not wait for the one before",
        FOLDER + "observation_checks.py",
        "same = same | (valid & (row.agent == agent))",
        "same = Const(0)",
        MONITOR + "test_rows_of_one_agent_back_to_back",
    ),
    Mutation(
        "observations: a bin beyond the table is looked up",
        FOLDER + "observation_checks.py",
        "no_bin = i.p.bin >= self.bins",
        "no_bin = i.p.bin > self.bins",
        ACCOUNT,
    ),
    Mutation(
        "observations: a datagram of a broken length is read as far as it goes",
        FOLDER + "observation_reader.py",
        "with m.Elif(~whole):",
        "with m.Elif(~whole & i.p.last):",
        ACCOUNT,
    ),
    Mutation(
        "observations: halves of two observations are put together",
        FOLDER + "observation_reader.py",
        "Cat(before, i.p.bytes)",
        "Cat(i.p.bytes[-8 * _BEFORE :], i.p.bytes)",
        ACCOUNT,
    ),
    Mutation(
        "observations: BEGIN does not wait for the datagram that has begun",
        FOLDER + "observation_monitor.py",
        "~(begins & ~empty)",
        "(begins | ~begins)",
        MONITOR + "test_a_begin_forgets_agents_and_their_numbers_and_not_what_came_before",
    ),
    Mutation(
        "observations: BEGIN does not wait for one that waits behind the checks",
        FOLDER + "observation_monitor.py",
        "reader.inside | checks.inside | row.valid",
        "reader.inside | checks.inside",
        MONITOR + "test_a_begin_forgets_agents_and_their_numbers_and_not_what_came_before",
    ),
    Mutation(
        "observations: a command that gives a result is carried out",
        FOLDER + "observation_monitor.py",
        "refuses.eq(~loads & (answers(operation) | (operation == does.SCAN)))",
        "refuses.eq(0)",
        MONITOR + "test_what_gives_a_result_of_its_own_is_no_command",
    ),
    Mutation(
        "alarms: any datagram of four bytes registers",
        FOLDER + "observation_reader.py",
        'word == int.from_bytes(REGISTRATION, "little")',
        "word == word",
        PACKER + "test_alarms_are_numbered_and_go_to_who_registered_last",
    ),
    Mutation(
        "alarms: a registration does not wait for the answer to the one before",
        FOLDER + "observation_reader.py",
        "self.registered.eq(~self.peer_held)",
        "self.registered.eq(1)",
        PACKER + "test_alarms_are_numbered_and_go_to_who_registered_last",
    ),
    Mutation(
        "counts: the answer goes to who registered",
        FOLDER + "alarm_packer.py",
        "Cat(self.sender, tag)",
        "Cat(self.peer, tag)",
        PACKER + "test_alarms_are_numbered_and_go_to_who_registered_last",
    ),
    Mutation(
        "alarms: those that nobody gets are not numbered",
        FOLDER + "alarm_packer.py",
        "number.eq(number + 1)",
        "number.eq(number + known)",
        PACKER + "test_alarms_are_numbered_and_go_to_who_registered_last",
    ),
)
"""Of each the test that must fail."""
