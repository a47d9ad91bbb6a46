"""A network board all the way through the tools, then tested at the pins of its PHY.

Only the engine is left out, and an echo in its place: clocks, resets, RGMII and network side are
those of the board.
"""

import contextlib

import pytest

from consilience_hw.benches.udp_bench import UdpEcho
from consilience_sim.bitstreams.ecp5_network import ecp5_network_netlist
from consilience_sim.ethernet.ethernet_simulation import EthernetSimulation
from consilience_sim.ethernet.gmii import symbols_of, with_fcs
from consilience_tools.boards.building import build_board
from consilience_tools.boards.catalogue import board_named
from tests.hw.ethernet.conftest import Peer

SIZES = (1, 18, 19, 255, 256, 1471)


def answers(simulation, *symbols):
    """Send frames at line rate; return those that come back."""
    for part in symbols:
        simulation.send_symbols(part)
    found = []
    while simulation.quiet_cycles < 1_000:
        frame = simulation.receive(5e-6)
        found += [] if frame is None else [frame]
    return found


def sent(packet):
    return symbols_of(with_fcs(bytes(packet)))


def padded(*packets):
    return [bytes(packet).ljust(60, b"\0") for packet in packets]


@pytest.mark.slow
def test_an_echo_at_the_pins(monkeypatch, tmp_path):
    """Both nibbles, both control bits, both ways; a damaged frame and a told error are dropped."""
    monkeypatch.setenv("CONSILIENCE_CACHE", str(tmp_path))
    monkeypatch.setattr(
        "consilience_hw.boards.network_top.EthernetEngine",
        lambda config, address: UdpEcho(address, 2048),
    )
    built = build_board(board_named("colorlight_5a75b"), {}, lambda text: contextlib.nullcontext())
    manifest = built.manifest
    assert manifest["network"]["ip"] == "10.77.0.2"
    clocks = manifest["timing"]["clocks"].items()
    required = {name: clock["required_mhz"] for name, clock in clocks}
    assert required == {"engine": 78.12, "receive": 125.0, "transmit": 125.0}
    design = ecp5_network_netlist(built.post_route.read_text(), top="top")
    peer = Peer()
    clocks = {"receive_ppm": 100, "transmit_ppm": -100, "clock_hz": manifest["clock_hz"]}
    with EthernetSimulation(design, "echo of a network board", **clocks) as simulation:
        assert answers(simulation, sent(peer.arp())) == padded(peer.arp_reply())
        ping = peer.echo(bytes(range(256)))
        assert answers(simulation, sent(ping)) == padded(peer.echo_reply(bytes(range(256))))
        datagrams = [bytes(1 + (7 * k + size) % 255 for k in range(size)) for size in SIZES]
        for data in datagrams:
            echoed = padded(peer.datagram(data + b"\0"))
            assert answers(simulation, sent(peer.udp(data))) == echoed
        whole = with_fcs(bytes(ping))
        damaged = whole[:-1] + bytes([whole[-1] ^ 0x10])
        told = symbols_of(whole, errors=[20])
        assert answers(simulation, symbols_of(damaged), told) == []
        assert answers(simulation, sent(peer.arp())) == padded(peer.arp_reply())
