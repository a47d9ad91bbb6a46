"""What is told, in which order, how often, and what is given up; time is moved by hand."""

import sqlite3
import stat

import pytest

from consilience.errors import BadInput
from consilience.service.alerts.alert import Ended
from consilience.service.alerts.backoff import Backoff
from consilience.service.alerts.dispatcher import Dispatcher

HOUR = 3_600_000


def turn(dispatcher, number=0):
    return dispatcher.senders[number].turn()


def run_for(dispatcher, clock, ms):
    """Let the sender work as its thread would, while time passes."""
    end = clock.now + ms
    while clock.now < end:
        clock.now += min(max(turn(dispatcher), 1), end - clock.now)
    turn(dispatcher)


def test_an_alarm_is_told_once_also_when_it_is_offered_again(dispatcher, webhook, receiver, alarm):
    found = dispatcher(webhook())
    assert found.offer(alarm(1))
    assert not found.offer(alarm(1))
    assert found.offer_all([alarm(1), alarm(2, agent="b")]) == 1
    for _ in range(4):
        turn(found)
    assert receiver.told == [("alarm.raised", 1), ("alarm.raised", 2)]


def test_what_was_queued_is_told_after_a_restart_and_only_once(
    dispatcher, webhook, receiver, alarm
):
    found = dispatcher(webhook())
    found.offer_all([alarm(1), alarm(2)])
    receiver.answers.extend([204, 500])
    turn(found)
    found.close()
    again = dispatcher(webhook())
    for _ in range(3):
        turn(again)
    assert [number for _, number in receiver.told] == [1, 2, 2]


def test_a_receiver_that_is_down_is_asked_less_and_less_and_gets_all(
    dispatcher, webhook, receiver, alarm, clock
):
    found = dispatcher(webhook())
    receiver.answers.extend([503] * 8)
    found.offer_all([alarm(1), alarm(2)])
    waits = []
    while receiver.answers:
        waits.append(turn(found))
        assert turn(found) == waits[-1]  # it is left alone
        clock.now += waits[-1]
    for doubled, wait in enumerate(waits):
        longest = 1_000 << doubled
        assert longest // 2 <= wait <= longest
    assert len(receiver.posts) == 8  # of the first alone: the others wait behind it
    turn(found), turn(found)
    assert receiver.told[8:] == [("alarm.raised", 1), ("alarm.raised", 2)]
    expected = {"taken": 2, "failed": 8, "given_up": 0, "repeated": 0}
    assert found.senders[0].counts == expected


def test_a_restart_within_an_outage(dispatcher, webhook, receiver, alarm, clock):
    receiver.answers.extend([500] * 4)
    for _ in range(4):
        found = dispatcher(webhook())
        found.offer(alarm(1))
        turn(found)
        found.close()
        clock.now += 1000
    last = dispatcher(webhook())
    turn(last)
    assert [row["attempts"] for row in last.listed()[0][0]["told"]] == [5]
    assert len({headers["webhook-id"] for headers, _ in receiver.posts}) == 1


def test_one_that_is_refused_by_itself_does_not_hold_up_the_others(
    dispatcher, webhook, receiver, alarm, clock
):
    found = dispatcher(webhook())
    receiver.answers.extend([422])
    found.offer_all([alarm(1), alarm(2)])
    assert turn(found) == 0
    assert receiver.told == [("alarm.raised", 1), ("alarm.raised", 2)]
    clock.now += 1000
    turn(found)
    assert receiver.told[2:] == [("alarm.raised", 1)]


def test_what_is_not_taken_within_a_day_is_given_up_and_said(
    dispatcher, webhook, receiver, alarm, clock, caplog
):
    found = dispatcher(webhook(), backoff=Backoff(60_000, HOUR))
    receiver.answers.extend([500] * 1000)
    found.offer_all([alarm(1), alarm(2)])
    run_for(found, clock, 23 * HOUR)
    assert not [one for one in caplog.records if one.levelname == "ERROR"]
    run_for(found, clock, 2 * HOUR)
    said = [one.message for one in caplog.records if one.levelname == "ERROR"]
    assert [one.split()[1] for one in said] == ["1", "2"]
    assert "given up for target hook, which has not taken it for 24.0 h" in said[0]
    receiver.answers.clear()
    clock.now += HOUR
    turn(found)
    assert [one["told"][0]["gone"] for one in found.listed()[0]] == ["given up"] * 2
    assert found.senders[0].queue.figures(clock.now)["given_up"] == 2
    found.offer(alarm(3))
    turn(found)
    assert receiver.told[-1] == ("alarm.raised", 3)


def test_after_days_switched_off_a_target_has_its_time(dispatcher, webhook, receiver, alarm, clock):
    dispatcher(webhook()).offer(alarm(1))
    clock.now += 72 * HOUR
    found = dispatcher(webhook())
    receiver.answers.extend([500] * 3)
    run_for(found, clock, 60_000)
    assert receiver.told == [("alarm.raised", 1)] * 4
    assert found.listed()[0][0]["told"][0]["sent_ms"]


def test_the_end_is_told_after_the_beginning(dispatcher, webhook, receiver, alarm, clock):
    found = dispatcher(webhook())
    receiver.answers.extend([422])
    found.offer(alarm(1))
    turn(found)
    assert found.end_of_agent("a", Ended.ACKNOWLEDGED, "kim", "a test") == ["1"]
    assert found.end_of_agent("a", Ended.ACKNOWLEDGED) == []
    turn(found)
    assert len(receiver.posts) == 1
    clock.now += 1000
    turn(found), turn(found)
    assert receiver.told[1:] == [("alarm.raised", 1), ("alarm.resolved", 1)]
    assert receiver.posts[-1][0]["webhook-id"] == f"d1-1-{alarm()['at_ms']}-resolved"
    assert found.counts() == {}


def test_a_provisional_alarm_and_its_confirmation_are_one_alert(
    dispatcher, webhook, receiver, alarm
):
    found = dispatcher(webhook())
    found.offer(alarm(1, provisional=True))
    turn(found)
    found.offer(alarm(2, why="the whole run"))
    found.offer(alarm(2, why="the whole run"))
    found.offer(alarm(3, run="r2"))  # another run: another alert
    for _ in range(3):
        turn(found)
    assert receiver.told == [("alarm.raised", 1), ("alarm.raised", 3)]
    page, _ = found.listed()
    assert [(one["id"], one["provisional"]) for one in page] == [("1", False), (3, False)]
    assert page[0]["why"] == "the whole run"
    assert found.end_alarm("2", Ended.ACKNOWLEDGED) == ["1"]  # by either id
    found.offer(alarm(4, provisional=True)), found.end_of_agent("a", Ended.ACKNOWLEDGED)
    found.offer(alarm(5))  # the agent was armed anew and alarms again
    assert found.counts() == {"agent": 1}


def test_a_confirmation_under_the_same_id(dispatcher, webhook, alarm):
    found = dispatcher(webhook())
    found.offer(alarm(1, provisional=True))
    found.offer(alarm(1))
    assert [one["provisional"] for one in found.listed()[0]] == [False]


def test_a_silence_holds_back_and_what_still_stands_is_told_after_it(
    dispatcher, webhook, receiver, alarm, clock
):
    found = dispatcher(webhook())
    found.offer(alarm(1, agent="web-1"))
    turn(found)
    silence = found.silence("web-*", clock.now + HOUR, "kim", "load test")
    assert silence["alarms_standing"] == 1
    found.offer_all([alarm(2, agent="web-1"), alarm(3, agent="web-2"), alarm(4, agent="db-1")])
    found.offer(alarm(5, agent=None, kind="fleet"))
    found.end_alarm("3", Ended.ACKNOWLEDGED)
    run_for(found, clock, HOUR // 2)
    assert [one[1] for one in receiver.told] == [1, 4, 5]
    assert [one["silenced"] for one in found.listed()[0]] == [True, True, False, False]
    assert found.senders[0].queue.figures(clock.now)["waiting"] == 0  # what is silenced is not
    run_for(found, clock, HOUR)
    assert [one[1] for one in receiver.told] == [1, 4, 5, 2]
    assert [one["told"][0]["gone"] for one in found.listed(standing=False)[0]][2] == "silenced"
    assert found.silenced() == []


def test_a_silence_does_not_count_as_a_receiver_that_is_down(
    dispatcher, webhook, receiver, alarm, clock
):
    found = dispatcher(webhook())
    found.silence("*", clock.now + 48 * HOUR)
    found.offer(alarm(1))
    turn(found)
    clock.now += 48 * HOUR
    receiver.answers.extend([500] * 20)
    run_for(found, clock, HOUR)
    assert receiver.told[-1] == ("alarm.raised", 1)
    assert found.listed()[0][0]["told"][0]["sent_ms"]


def test_a_silence_is_lifted_before_its_end(dispatcher, webhook, receiver, alarm, clock):
    found = dispatcher(webhook())
    number = found.silence("*", clock.now + HOUR)["id"]
    found.offer(alarm(1))
    turn(found)
    assert receiver.told == []
    found.lift(number)
    turn(found)
    assert receiver.told == [("alarm.raised", 1)]


@pytest.mark.parametrize(
    ("pattern", "later", "cure"),
    [("", 1, "give *"), ("a[", 1, "[[]"), ("a", 0, "later end"), ("a" * 501, 1, "500")],
)
def test_silences_that_cannot_be_meant(dispatcher, clock, pattern, later, cure):
    with pytest.raises(BadInput) as found:
        dispatcher().silence(pattern, clock.now + later)
    assert cure in str(found.value)


def test_there_is_no_such_silence(dispatcher):
    with pytest.raises(BadInput, match="no silence 7"):
        dispatcher().lift(7)


def test_a_new_target_learns_what_stands(dispatcher, webhook, receiver, alarm):
    found = dispatcher()
    found.offer_all([alarm(1), alarm(2, agent="b")])
    found.end_of_agent("b", Ended.RENEWED)
    found.close()
    again = dispatcher(webhook("new"))
    turn(again), turn(again)
    assert receiver.told == [("alarm.raised", 1)]


def test_a_clock_that_is_set_back_makes_nothing_wait(dispatcher, webhook, receiver, alarm, clock):
    found = dispatcher(webhook())
    found.offer(alarm(1))
    clock.now -= 365 * 24 * HOUR
    turn(found)
    assert receiver.told == [("alarm.raised", 1)]


def test_what_was_looked_at_a_while_ago_is_looked_at_again(
    dispatcher, webhook, receiver, alarm, clock
):
    found = dispatcher(webhook())
    found.offer_all([alarm(number, agent=f"a{number}") for number in range(3)])

    def slowly():
        clock.now += 1000
        found.silence("a[12]", clock.now + HOUR)

    receiver.before_answer = slowly
    turn(found), turn(found)
    assert receiver.told == [("alarm.raised", 0)]


def test_retry_after_is_kept(dispatcher, webhook, receiver, alarm):
    found = dispatcher(webhook())
    receiver.headers, receiver.answers = {"retry-after": "120"}, type(receiver.answers)([429])
    found.offer(alarm(1))
    assert turn(found) == 120_000


def test_what_ended_long_ago_is_forgotten(dispatcher, webhook, alarm, clock):
    found = dispatcher(webhook())
    found.offer_all([alarm(1), alarm(2, agent="b"), alarm(3, agent="c")])
    for _ in range(2):
        turn(found)
    found.end_of_agent("a", Ended.ACKNOWLEDGED)  # its end is not told yet
    for _ in range(2):
        turn(found)
    found.end_of_agent("c", Ended.ACKNOWLEDGED)
    clock.now += 91 * 24 * HOUR
    found._book.forget(clock.now - 90 * 24 * HOUR)
    assert [one["id"] for one in found.listed(standing=False)[0]] == [2, 3]


def test_pages(dispatcher, alarm):
    found = dispatcher()
    found.offer_all([alarm(number, agent=f"a{number}") for number in range(1, 6)])
    first, after = found.listed(limit=2)
    second, after = found.listed(after, 2)
    third, after = found.listed(after, 2)
    assert [one["id"] for one in first + second + third] == [1, 2, 3, 4, 5]
    assert after is None


def test_an_alarm_without_an_id_is_refused_whole(dispatcher, alarm):
    found = dispatcher()
    with pytest.raises(BadInput, match="without id"):
        found.offer_all([alarm(1), {**alarm(2), "id": None}])
    assert found.counts() == {}


def test_the_file_is_private_and_damage_is_named(tmp_path, dispatcher):
    dispatcher().close()
    path = tmp_path / "alerts.db"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with sqlite3.connect(path) as later:
        later.execute("pragma user_version = 9")
    later.close()
    with pytest.raises(BadInput, match="is of version 9, and this program knows 1"):
        Dispatcher(path, [])
    path.write_bytes(b"no database, and longer than the header of one" * 20)
    with pytest.raises(BadInput, match="restore it from a backup"):
        Dispatcher(path, [])


def test_waits_double_to_their_longest():
    class Longest:
        def randint(self, _low, high):
            return high

    waits = [Backoff().wait_ms(number, Longest()) for number in (1, 2, 3, 9, 10, 500)]
    assert waits == [1000, 2000, 4000, 256_000, 300_000, 300_000]


def test_agents_1_and_text_1_are_two(dispatcher, alarm):
    found = dispatcher()
    found.offer_all([alarm(1, agent=1, provisional=True), alarm(2, agent="1")])
    assert found.counts() == {"agent": 2}
    assert found.end_of_agent("1", Ended.ACKNOWLEDGED) == ["2"]
    assert found.silence("1", 2_000_000_000_000)["alarms_standing"] == 1
