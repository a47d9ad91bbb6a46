"""Planted faults of the gateware's network side."""

from tests.campaigns.mutations.mutation import Mutation

__all__ = ["ETHERNET_GATEWARE"]

ETHERNET = "hw/consilience_hw/ethernet/"
PORT = "tests/hw/ethernet/test_udp_port.py::"
BUFFER = "tests/hw/ethernet/test_packet_buffer.py::"

ETHERNET_GATEWARE = (
    Mutation(
        "mac receiver: an error of the PHY in a frame is ignored",
        ETHERNET + "mac_receiver.py",
        "damaged | (error & valid)",
        "damaged",
        PORT + "test_what_is_damaged_on_the_wire",
    ),
    Mutation(
        "mac receiver: a frame that follows too closely is taken",
        ETHERNET + "mac_receiver.py",
        """                    with m.If(valid):
                        m.next = "Skip"
""",
        """                    with m.If(valid):
                        m.next = "Preamble"
""",
        PORT + "test_what_is_damaged_on_the_wire",
    ),
    Mutation(
        "mac transmitter: short frames are not padded",
        ETHERNET + "mac_transmitter.py",
        "with m.If(count == least - 1):\n                        m.d.sync += count.eq(0)",
        "with m.If(1):\n                        m.d.sync += count.eq(0)",
        PORT + "test_arp_is_answered_to_who_asks_whoever_it_asks",
    ),
    Mutation(
        "mac transmitter: the gap is short",
        ETHERNET + "mac_transmitter.py",
        "count == GAP_BYTES - 2",
        "count == GAP_BYTES - 9",
        PORT + "test_frames_leave_with_the_gap_of_the_standard_and_little_more[None]",
    ),
    Mutation(
        "filter: fragments get in",
        ETHERNET + "header_checks.py",
        "(byte & 0xBF).any()",
        "(byte & 0x80).any()",
        PORT + "test_every_fragment_of_a_packet_is_dropped",
    ),
    Mutation(
        "filter: the last bit of the length of UDP is not compared",
        ETHERNET + "length_checks.py",
        "byte != Mux(at[0], inner[:8], inner[8:])",
        "byte[1:] != Mux(at[0], inner[1:8], inner[9:])",
        PORT + "test_what_is_hostile_is_dropped_counted_and_forgotten",
    ),
    Mutation(
        "filter: a packet may be longer than its frame by the check sequence",
        ETHERNET + "length_checks.py",
        "(total > headers + LARGEST_DATAGRAM) | (after != FCS_BYTES)",
        "(total > headers + LARGEST_DATAGRAM) | (after == 0)",
        PORT + "test_changed_frames_are_judged_as_the_contract_says",
    ),
    Mutation(
        "filter: the checksum of the data is not compared",
        ETHERNET + "packet_filter.py",
        "(icmp | (udp & found.has_checksum)) & ~inner_right",
        "icmp & ~inner_right",
        PORT + "test_what_is_hostile_is_dropped_counted_and_forgotten",
    ),
    Mutation(
        "checksum: a carry gets lost",
        ETHERNET + "checksum.py",
        "carry.eq(total[8])",
        "carry.eq(0)",
        PORT + "test_echoes_come_back_with_their_data",
    ),
    Mutation(
        "buffer: what was lost does not void the packet",
        ETHERNET + "packet_buffer.py",
        "i.full.eq(lost | no_place | (rest & no_room))",
        "i.full.eq(no_place)",
        PORT + "test_what_finds_no_room_is_dropped_whole",
    ),
    Mutation(
        "buffer: a packet that is forgotten keeps its room",
        ETHERNET + "packet_buffer.py",
        "m.d.write += put.eq(begun)",
        "m.d.write += begun.eq(put)",
        BUFFER + "test_packets_come_whole_and_in_order_or_not_at_all[True-8-8]",
    ),
    Mutation(
        "buffer: a packet's last word is kept only if it is whole",
        ETHERNET + "packet_buffer.py",
        "ends.eq(rest & i.keep & ~i.forget)",
        "ends.eq(0)",
        BUFFER + "test_bytes_written_words_read[6.7-True]",
    ),
    Mutation(
        "buffer: a last word that finds no room does not void the packet",
        ETHERNET + "packet_buffer.py",
        "lost | no_place | (rest & no_room)",
        "lost | no_place",
        BUFFER + "test_a_last_word_in_part_empty_that_finds_no_room_voids_the_packet",
    ),
    Mutation(
        "crossing: an old counter outlives a reset",
        ETHERNET + "crossed_counter.py",
        "reset_less=False",
        "reset_less=True",
        BUFFER + "test_a_reset_of_one_cycle_forgets_all",
    ),
    Mutation(
        "reader: replies go to who sent last, found out too late",
        ETHERNET + "datagram_reader.py",
        "m.d.sync += current.eq(~current)",
        "m.d.sync += current.eq(current)",
        PORT + "test_replies_go_to_who_asked",
    ),
    Mutation(
        "reader: no zero follows a datagram",
        ETHERNET + "datagram_reader.py",
        'm.next = "End"',
        'm.next = "Sender"',
        PORT + "test_a_datagram_of_several_frames_and_one_that_ends_inside_a_frame",
    ),
    Mutation(
        "builder: an answer is given the note of the one behind it",
        ETHERNET + "packet_builder.py",
        '        with m.FSM():\n            with m.State("Choose"):\n',
        "        m.d.sync += note.eq(Mux(answers_now, answers.note, 0))\n"
        '        with m.FSM():\n            with m.State("Choose"):\n',
        PORT + "test_answers_that_wait_for_each_other_are_each_its_own",
    ),
    Mutation(
        "builder: echoes and replies do not take turns",
        ETHERNET + "packet_builder.py",
        "answers.o.valid & ~(replies.o.valid & answered)",
        "answers.o.valid",
        PORT + "test_a_flood_of_echoes_leaves_room_for_datagrams",
    ),
)
