"""Planted faults of the host's side of the link."""

from tests.campaigns.mutations.mutation import Mutation

__all__ = ["HOST_LINK"]

LINK = "host/consilience/link/"
OPERATION = "tests/host/link/test_operation.py::"
SESSION = "tests/host/link/test_session.py::"

HOST_LINK = (
    Mutation(
        "operation: a reply with another nonce is taken",
        LINK + "operation.py",
        "            or (self._nonce is not None and nonce != self._nonce)\n",
        "",
        OPERATION + "test_a_reply_that_fits_no_request_in_flight_is_not_taken[change0]",
    ),
    Mutation(
        "operation: a reply to an older operation is taken",
        LINK + "operation.py",
        "            number != self._number\n            or frame_type",
        "            frame_type",
        OPERATION + "test_a_reply_that_fits_no_request_in_flight_is_not_taken[change1]",
    ),
    Mutation(
        "operation: the CRC of results is not checked",
        LINK + "operation.py",
        "(produced, crc) != (self._produced & 0xFFFF_FFFF, self._crc)",
        "produced != self._produced & 0xFFFF_FFFF",
        OPERATION + "test_results_other_than_the_device_says_are_damage[wrong1]",
    ),
    Mutation(
        "operation: the number of results is not checked",
        LINK + "operation.py",
        "(produced, crc) != (self._produced & 0xFFFF_FFFF, self._crc)",
        "crc != self._crc",
        OPERATION + "test_results_other_than_the_device_says_are_damage[wrong0]",
    ),
    Mutation(
        "operation: one request more than the credits is in flight",
        LINK + "operation.py",
        "allowed = self.most_in_flight - reserved\n",
        "allowed = self.most_in_flight - reserved + 1\n",
        OPERATION + "test_the_window_slides_with_the_replies",
    ),
    Mutation(
        "operation: a repeated request gets a new sequence number",
        LINK + "operation.py",
        "                frames.append(self._window[self._live])\n",
        "                from consilience.link.frames import FrameDecoder\n"
        "                (old,) = FrameDecoder(16).feed(self._window[self._live])\n"
        "                again = encode_frame(old.type, old.sequence + 1 & 0xFF, old.payload)\n"
        "                frames.append(again)\n",
        OPERATION + "test_what_is_taken_for_lost_is_launched_again_before_what_is_new",
    ),
    Mutation(
        "session: fragments are one word too long",
        LINK + "session.py",
        "fragments(message, data_limit(self.identity.payload))",
        "fragments(message, data_limit(self.identity.payload) + 4)",
        SESSION + "test_results_and_counters",
    ),
    Mutation(
        "session: damage is not repaired by a second try",
        LINK + "session.py",
        "if damages > 1:",
        "if damages > 0:",
        SESSION + "test_damage_that_no_frame_shows_is_repaired_once[message-1]",
    ),
    Mutation(
        "exchange: retries are not counted anew with each reply",
        LINK + "exchange.py",
        "                misses = 0\n",
        "",
        SESSION + "test_retries_are_counted_anew_with_each_reply",
    ),
    Mutation(
        "exchange: nobody asks whether the device was reset",
        LINK + "exchange.py",
        "self._repeat(operation, probe if misses % 2 else None)",
        "self._repeat(operation, None)",
        SESSION + "test_a_call_that_a_reset_interrupts_begins_anew",
    ),
    Mutation(
        "exchange: a probe is sent beside as many requests as there are credits",
        LINK + "exchange.py",
        "self._probing = probe is not None\n        frames = self._launched(operation)",
        "frames = self._launched(operation)\n        self._probing = probe is not None",
        SESSION + "test_a_device_that_stops_answering",
    ),
    Mutation(
        "lateness: a repetition that finds an idle device is measured from the first",
        LINK + "lateness.py",
        "trip < self._least / 2",
        "trip < (self._mean or 0) / 2",
        "tests/host/link/test_lateness.py::"
        "test_repetitions_that_find_no_queue_make_nobody_more_patient",
    ),
    Mutation(
        "pacing: a loss leaves the queue as it is",
        LINK + "pacing.py",
        "self._most = min(self._most, _ROOM * filling + _MORE)",
        "pass",
        "tests/host/link/test_pacing.py::"
        "test_a_loss_takes_the_queue_away_and_each_window_gives_one_back",
    ),
    Mutation(
        "reset probe: a device in its session is taken for one that was reset",
        LINK + "reset_probe.py",
        "[0] != self._nonce:",
        "[0] == self._nonce:",
        "tests/host/link/test_reset_probe.py::test_a_device_in_its_session_answers_each_time",
    ),
    Mutation(
        "session: a call begins anew without end",
        LINK + "session.py",
        "if resets > _RESETS:",
        "if resets > 10 * _RESETS:",
        SESSION + "test_a_device_that_is_reset_again_and_again",
    ),
    Mutation(
        "frames: a wrong CRC is accepted",
        LINK + "frames.py",
        "elif zlib.crc32(content) != _CRC_RESIDUE:",
        "elif not zlib.crc32(content):",
        "tests/host/link/test_frames.py::test_a_damaged_frame_is_dropped_and_the_next_one_taken",
    ),
    Mutation(
        "device session: kept replies outlive a HELLO",
        "host/consilience/server/device_session.py",
        "            self._kept.clear()\n",
        "",
        "tests/host/server/test_endpoint.py::test_a_hello_forgets_the_kept_replies",
    ),
    Mutation(
        "messages: a message that fits exactly is cut",
        LINK + "messages.py",
        'before + room, side="right"',
        'before + room, side="left"',
        "tests/host/link/test_messages.py::test_a_message_that_fits_exactly_is_not_cut",
    ),
)
