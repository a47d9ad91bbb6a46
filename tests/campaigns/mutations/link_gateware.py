"""Planted faults of the gateware's link: framing, the rules of a session, kept replies."""

from tests.campaigns.mutations.mutation import Mutation

__all__ = ["LINK_GATEWARE"]

LINK = "hw/consilience_hw/link/"
SESSION = "tests/hw/link/test_session.py::"
RECEIVER = "tests/hw/link/test_frame_receiver.py::"

LINK_GATEWARE = (
    Mutation(
        "cobs encoder: a full block ends at 253 bytes",
        LINK + "cobs_encoder.py",
        "block_full.eq(block == 254)",
        "block_full.eq(block == 253)",
        "tests/hw/link/test_cobs.py::test_encoder[0-0]",
    ),
    Mutation(
        "cobs decoder: a zero is due after a full block",
        LINK + "cobs_decoder.py",
        "zero_due.eq(self.i.p != 255)",
        "zero_due.eq(1)",
        "tests/hw/link/test_cobs.py::test_decoder[0-0]",
    ),
    Mutation(
        "cobs decoder: a zero inside a block does not resynchronise",
        LINK + "cobs_decoder.py",
        "m.d.sync += [left.eq(0), zero_due.eq(0), swallow.eq(0)]",
        "m.d.sync += [zero_due.eq(0), swallow.eq(0)]",
        RECEIVER + "test_every_kind_of_damage_is_dropped_and_the_next_frame_gets_in[0]",
    ),
    Mutation(
        "cobs decoder: after silence all is swallowed for ever",
        LINK + "cobs_decoder.py",
        "m.d.sync += [left.eq(0), zero_due.eq(0), swallow.eq(0)]",
        "m.d.sync += [left.eq(0), zero_due.eq(0)]",
        RECEIVER + "test_silence_drops_the_frame_up_to_the_next_zero",
    ),
    Mutation(
        "receiver: the CRC of a frame is not checked",
        LINK + "frame_receiver.py",
        "~framing_bad & crc.match_detected",
        "~framing_bad",
        RECEIVER + "test_every_kind_of_damage_is_dropped_and_the_next_frame_gets_in[0]",
    ),
    Mutation(
        "receiver: silence is ignored",
        LINK + "frame_receiver.py",
        "with m.If(self.gap & decoder.inside):",
        "with m.If(self.gap & ~self.gap):",
        RECEIVER + "test_silence_drops_the_frame_up_to_the_next_zero",
    ),
    Mutation(
        "receiver: a payload one word too long gets in",
        LINK + "frame_receiver.py",
        "limit = first + 2 + self.largest_payload + 4",
        "limit = first + 2 + self.largest_payload + 8",
        RECEIVER + "test_every_kind_of_damage_is_dropped_and_the_next_frame_gets_in[0]",
    ),
    Mutation(
        "stream register: the beat that comes as the output stops is lost",
        "hw/consilience_hw/primitives/stream_register.py",
        "m.d.sync += has_second.eq(1)",
        "m.d.sync += has_second.eq(0)",
        "tests/hw/primitives/test_stream_register.py::test_all_come_through_in_order[StreamRegister-1-0-0.4]",
    ),
    Mutation(
        "reply store: one slot too few of many",
        LINK + "reply_store.py",
        "to_write = Cat(write.address, write.slot)\n",
        "to_write = Cat(write.address, write.slot[:3])\n",
        SESSION + "test_as_many_long_replies_are_kept_as_there_are_credits",
    ),
    Mutation(
        "rules: the nonce is not compared",
        LINK + "request_rules.py",
        "with m.Elif(~(self.open & found.same_nonce)):",
        "with m.Elif(~self.open):",
        SESSION + "test_what_fits_no_rule_is_dropped_and_counted[<lambda>-4]",
    ),
    Mutation(
        "rules: the window of kept replies is one too long",
        LINK + "request_rules.py",
        "(age < self.slots)",
        "(age <= self.slots)",
        SESSION + "test_only_the_last_replies_are_kept",
    ),
    Mutation(
        "rules: a slot that is still to be sent is overwritten",
        LINK + "request_rules.py",
        "busy.eq(self.busy.bit_select(slot, 1)),",
        "busy.eq(0),",
        SESSION + "test_a_host_that_overruns_its_credits_loses_requests_but_no_answer_is_wrong",
    ),
    Mutation(
        "rules: a fragment may be skipped",
        LINK + "request_rules.py",
        "self.running & found.same_operation & self.same_type & found.next",
        "self.running & found.same_operation & self.same_type & ~found.first",
        SESSION + "test_fragments_out_of_turn_are_dropped",
    ),
    Mutation(
        "header: an operation half the circle away counts as later",
        LINK + "request_header.py",
        "~same & ~difference[31]",
        "~same",
        SESSION + "test_what_fits_no_rule_is_dropped_and_counted[<lambda>-6_3]",
    ),
    Mutation(
        "session: kept replies outlive a HELLO",
        LINK + "session.py",
        "m.d.sync += kept.eq(0)",
        "m.d.sync += kept.eq(kept)",
        SESSION + "test_a_hello_forgets_the_kept_replies",
    ),
    Mutation(
        "session: every HELLO draws a new nonce",
        LINK + "session.py",
        "header.new_nonce.eq(~is_open)",
        "header.new_nonce.eq(1)",
        SESSION + "test_the_nonce_is_drawn_once",
    ),
    Mutation(
        "session: the CRC of a message is not checked",
        LINK + "session.py",
        "with m.If(reader.ended & ~reader.intact):",
        "with m.If(reader.ended & reader.busy & ~reader.busy):",
        SESSION + "test_a_wrong_message_crc",
    ),
    Mutation(
        "session: a message may change its total",
        LINK + "session.py",
        "& (found.same_total | (verdict == Verdict.START))",
        "",
        SESSION + "test_a_total_that_changes",
    ),
    Mutation(
        "writer: the CRC of results goes on into the next operation",
        LINK + "result_writer.py",
        "crc = add_crc32(m, self.clear)",
        "crc = add_crc32(m, self.clear & (self.produced == 0))",
        SESSION + "test_a_message_in_fragments_that_straddle_records[0-0]",
    ),
    Mutation(
        "counters: two drops on end are counted as one",
        LINK + "counters.py",
        "running & ~add & ~resting.any()",
        "running & ~add & ~resting[0]",
        "tests/hw/link/test_counters.py::test_additions_from_both_sides_and_reset",
    ),
    Mutation(
        "uart: a silence of 19 bytes ends a frame",
        "hw/consilience_hw/uart/receiver.py",
        "self.gap.eq(silence == GAP_BYTES * BYTE_BITS - 1)",
        "self.gap.eq(silence == (GAP_BYTES - 1) * BYTE_BITS - 1)",
        "tests/hw/uart/test_receiver.py::test_a_gap_is_told_once_and_not_a_byte_early"
        "[199-0-4 cycles]",
    ),
)
