"""A slice of the campaign on the wire, and faults planted in the device that it must notice."""

import pytest

from consilience.link import frames
from tests.campaigns.fire.datagrams.page import write_page
from tests.campaigns.fire.datagrams.parts import Layer, Part, kept
from tests.campaigns.fire.frames import packets
from tests.campaigns.fire.frames.board import DEVICE, Board, intact
from tests.campaigns.fire.frames.campaign import FrameCampaign, wire
from tests.campaigns.fire.frames.hostile_wire import HostileWire
from tests.campaigns.fire.frames.strangers import HOST
from tests.campaigns.fire.frames.troubles import CELLS

pytestmark = pytest.mark.slow


def test_slice(tmp_path):
    part = Part(Layer.BOARD, 1, 600)
    tally = kept(part, tmp_path)
    assert tally.holds, tally.complaints
    assert tally.faults >= part.faults
    assert tally.right > tally.raised > 0
    assert tally.recovered > tally.calls / 4
    assert set(tally.injected) == set(CELLS)
    assert kept(part, tmp_path) == tally  # from the file
    write_page({part.layer: tally}, 10**6, tmp_path / "fire_datagrams.md")
    page = (tmp_path / "fire_datagrams.md").read_text()
    assert "## What was injected, on the wire" in page


class Tampered(Board):
    """A device whose pins show something else than the gateware: `planted` is the fault."""

    def put(self, sent):
        simulation = self._simulation
        send = simulation.send_symbols
        simulation.send_symbols = lambda symbols: None
        super().put(sent)
        simulation.send_symbols = send
        send(self.planted(sent).symbols)


def attacked(board_class, faults=400):
    def tampered(choose, timeout):
        board = board_class(choose)
        return HostileWire(board, choose, timeout), board

    return FrameCampaign(tampered, 5, faults).run()


class TakesAnyFcs(Tampered):
    def planted(self, sent):
        return sent if sent.good or len(sent.content) < 60 else intact(sent.content)


class TakesFirstFragments(Tampered):
    def planted(self, sent):
        head = sent.content[14:34]
        if sent.content[12:14] != packets.IPV4 or head[6:8] != b"\x20\x00":
            return sent
        (whole,) = packets.fragments(sent.content, [], 7)
        return intact(whole)


class BelievesArp(Tampered):
    """Its replies go where ARP said last that the host is."""

    station = HOST.mac

    def planted(self, sent):
        if sent.good and sent.content[28:32] == HOST.ip and sent.content[12:14] == packets.ARP:
            self.station = sent.content[22:28]
        return sent

    def _check(self, frame):
        to_host = frame[:6] == HOST.mac and frame[12:14] == packets.IPV4
        super()._check(self.station + frame[6:] if to_host else frame)


class AnswersForAll(Tampered):
    """It answers questions for any station's address."""

    def planted(self, sent):
        content = sent.content
        if content[12:14] == packets.ARP and content[20:22] == b"\0\1":
            return intact(content[:38] + DEVICE.ip)
        return sent


@pytest.mark.parametrize("planted", [TakesAnyFcs, TakesFirstFragments, BelievesArp, AnswersForAll])
def test_a_device_that_is_deceived_is_noticed(planted):
    assert attacked(planted).wrong


def test_a_driver_that_takes_any_crc_is_noticed(monkeypatch):
    class AnyCrc:
        __hash__ = None

        def __ne__(self, other):
            return False

    monkeypatch.setattr(frames, "_CRC_RESIDUE", AnyCrc())
    tally = FrameCampaign(wire, 5, 1_000).run()
    assert tally.miscounted
