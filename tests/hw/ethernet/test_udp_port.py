"""The network side of a device, with frames of an independent library at both ends."""

import random

import pytest
from scapy.layers.inet import ICMP, IP, UDP, IPOption_NOP, fragment
from scapy.layers.inet6 import ICMPv6ND_NS, IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether

from consilience_hw.spec.network import PacketDrop
from consilience_sim.ethernet.gmii import symbols_of, with_fcs
from tests.hw.ethernet.packet_oracle import reason_against

SIZES = [1, 2, 17, 18, 19, 255, 256, 1023, 1024, 1470, 1471]


def padded(*packets):
    """The bytes of packets as they are on the wire."""
    return [bytes(packet).ljust(60, b"\0") for packet in packets]


def text(size, seed=0):
    """Bytes without zeros: a frame of the link in an echo."""
    return bytes(random.Random(seed).choices(range(1, 256), k=size))


def test_arp_is_answered_to_who_asks_whoever_it_asks(echo, peer):
    asked = [peer.arp(), peer.arp(hwdst="02:00:00:00:00:77"), Ether(bytes(peer.arp()))]
    asked[2].dst = "02:63:6e:73:6c:02"
    assert echo.frames(*asked) == padded(*[peer.arp_reply()] * 3)
    assert echo.drops == {}


def test_echoes_come_back_with_their_data(echo, peer):
    for size in [0, *SIZES, 1472]:
        data = random.Random(size).randbytes(size)
        assert echo.frames(peer.echo(data)) == padded(peer.echo_reply(data))


def test_answers_that_wait_for_each_other_are_each_its_own(echo, peer, another):
    """ARP and echoes behind a long one: all are there before the first has left."""
    choose = random.Random(11)
    asked = [peer.echo(text(1000))]
    expected = [peer.echo_reply(text(1000))]
    for number in range(12):
        who = choose.choice([peer, another])
        if number in (0, 3) or choose.random() < 0.5:
            asked.append(who.arp())
            expected.append(who.arp_reply())
        else:
            asked.append(who.echo(text(20, number)))
            expected.append(who.echo_reply(text(20, number)))
    assert echo.frames(*asked) == padded(*expected)
    assert echo.drops == {}


def test_the_checksum_of_an_echo_around_its_carries(echo, peer):
    for low in (0, 1, 0xF7FF, 0xF800, 0xF801, 0xFFFE, 0xFFFF, 0x07FF, 0x0800):
        # What the checksum of the request comes to runs through all carries.
        data = low.to_bytes(2, "big")
        (reply,) = echo.frames(peer.echo(data))
        assert bytes(Ether(reply)[IP].payload)[:8][2:4] != b""
        assert reason_against(reply[6:12] + reply[:6] + reply[12:]) != "IP_CHECKSUM"
        parsed = Ether(reply)[ICMP]
        was = parsed.chksum
        del parsed.chksum
        assert ICMP(bytes(parsed)).chksum % 0xFFFF == was % 0xFFFF


@pytest.mark.parametrize("checked", [True, False])
def test_datagrams_pass_each_a_datagram(echo, peer, checked):
    changes = {} if checked else {"chksum": 0}
    for size in SIZES:
        data = text(size)
        assert echo.frames(peer.udp(data, **changes)) == padded(peer.datagram(data + b"\0"))
    assert echo.drops == {}


def test_a_datagram_of_several_frames_and_one_that_ends_inside_a_frame(echo, peer):
    found = echo.frames(peer.udp(b"one\0two\0thr"), peer.udp(b"four"))
    whole = [b"one\0", b"two\0", b"thr\0", b"four\0"]
    # The zeros between and after them are empty frames of the link; an echo returns them, too.
    assert [one for one in found if bytes(Ether(one)[UDP].payload)[:1] != b"\0"] == padded(
        *(peer.datagram(one) for one in whole)
    )


def test_replies_go_to_who_asked(echo, peer, another):
    choose = random.Random(5)
    asked = [(choose.choice([peer, another]), text(40 + n, n)) for n in range(30)]
    found = echo.frames(*(who.udp(data) for who, data in asked))
    assert found == padded(*(who.datagram(data + b"\0") for who, data in asked))


def hostile(peer):
    """Frames that must be dropped, by name, with the reason that must be counted."""
    whole = bytes(peer.udp(text(100)))
    yield "vlan", peer.ethernet() / Dot1Q(vlan=3) / peer.udp(b"a")[IP], "OTHER_TYPE"
    yield "ipv6", Ether(src=peer.mac, dst="02:63:6e:73:6c:02") / IPv6() / UDP(), "OTHER_TYPE"
    yield "neighbour", Ether(src=peer.mac) / IPv6(dst="ff02::1") / ICMPv6ND_NS(), "OTHER_STATION"
    yield "another station", Ether(dst="02:63:6e:73:6c:03") / peer.udp(b"a")[IP], "OTHER_STATION"
    yield "multicast", Ether(dst="01:00:5e:00:00:01") / peer.udp(b"a")[IP], "OTHER_STATION"
    yield "broadcast", Ether(dst="ff:ff:ff:ff:ff:ff") / peer.udp(b"a")[IP], "OTHER_STATION"
    yield "arp for another", peer.arp(pdst="10.77.0.3"), "OTHER_ARP"
    yield "arp reply", peer.arp(op="is-at"), "OTHER_ARP"
    yield "arp of a group", peer.arp(hwsrc="ff:ff:ff:ff:ff:ff"), "BAD_SOURCE"
    yield "options", peer.ipv4(options=[IPOption_NOP()] * 4) / UDP(dport=50577) / b"a", "IP_HEADER"
    yield "version", peer.ipv4(version=5) / UDP(dport=50577) / b"a", "IP_HEADER"
    yield "header checksum", peer.ipv4(chksum=1) / UDP(dport=50577) / b"a", "IP_CHECKSUM"
    yield "first fragment", peer.ipv4(flags="MF") / UDP(dport=50577) / text(80), "FRAGMENT"
    yield "last fragment", peer.ipv4(frag=100) / text(80), "FRAGMENT"
    yield "evil bit", peer.ipv4(flags="evil") / UDP(dport=50577) / text(80), "FRAGMENT"
    yield "address", peer.ipv4(dst="10.77.0.255") / UDP(dport=50577) / b"a", "OTHER_ADDRESS"
    for source in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"):
        yield source, peer.ipv4(src=source) / UDP(dport=50577) / b"a", "BAD_SOURCE"
    group = Ether(src="03:00:00:00:00:01", dst="02:63:6e:73:6c:02")
    yield "source of a group", group / peer.udp(b"a")[IP], "BAD_SOURCE"
    yield "tcp", peer.ipv4(proto=6) / text(40), "OTHER_PROTOCOL"
    yield "echo reply", peer.echo(type=0), "OTHER_PROTOCOL"
    yield "unreachable", peer.echo(type=3, code=3), "OTHER_PROTOCOL"
    yield "port", peer.udp(b"a", dport=50576), "OTHER_PORT"
    yield "nothing in it", peer.udp(b""), "BAD_LENGTH"
    yield "longer than its frame", peer.ipv4(len=200) / UDP(dport=50577, len=180), "BAD_LENGTH"
    yield "shorter than its header", peer.ipv4(len=19) / UDP(dport=50577), "BAD_LENGTH"
    yield "udp longer", peer.udp(b"abc", len=12), "BAD_LENGTH"
    yield "udp shorter", peer.udp(b"abc", len=10), "BAD_LENGTH"
    yield "udp checksum", peer.udp(text(100), chksum=0x1234), "BAD_CHECKSUM"
    yield "echo checksum", peer.echo(text(100), chksum=0x1234), "BAD_CHECKSUM"
    yield "oversize", whole + bytes(1515 - len(whole)), "OVERSIZE"
    yield "jumbo", whole + bytes(9000), "OVERSIZE"


def test_what_is_hostile_is_dropped_counted_and_forgotten(echo, peer):
    for name, frame, reason in hostile(peer):
        before = echo.drops.get(reason, 0)
        assert reason_against(bytes(frame).ljust(60, b"\0")) == reason, name
        # Right after it a good datagram, whose answer is the only one.
        assert echo.frames(frame, peer.udp(b"good")) == padded(peer.datagram(b"good\0")), name
        assert echo.drops.get(reason, 0) == before + 1, name
    assert set(echo.drops) == {one.name for one in PacketDrop} - {"DAMAGED", "RUNT", "FULL"}


def test_every_fragment_of_a_packet_is_dropped(echo, peer):
    parts = fragment(peer.udp(text(3000)), 1000)
    assert echo.frames(*parts, peer.udp(b"good")) == padded(peer.datagram(b"good\0"))
    assert echo.drops == {"FRAGMENT": len(parts)}


def test_what_is_damaged_on_the_wire(echo, peer):
    good = symbols_of(with_fcs(bytes(peer.udp(b"good"))))
    frame = with_fcs(bytes(peer.udp(text(50))))
    damaged = [
        symbols_of(frame[:-1] + bytes([frame[-1] ^ 0x80])),
        symbols_of(bytes([frame[0] ^ 1]) + frame[1:]),
        symbols_of(frame, errors=[0]),
        symbols_of(frame, errors=[len(frame) + 7]),
        symbols_of(frame, preamble=b"\x55" * 6 + b"\x54\xd5"),
        symbols_of(b"", preamble=b"\x55" * 7),
        symbols_of(frame[:40]),
    ]
    for number, symbols in enumerate(damaged):
        assert echo.symbols(symbols, good) == padded(peer.datagram(b"good\0")), number
        assert echo.drops == {"DAMAGED": number + 1}
    # The second of two frames that are too close is taken for damaged, and no third suffers.
    assert echo.symbols(symbols_of(frame, gap=1), good, good) == padded(
        peer.datagram(text(50) + b"\0"), peer.datagram(b"good\0")
    )
    assert echo.drops == {"DAMAGED": len(damaged) + 1}


def test_a_runt_with_a_right_check_sequence(echo, peer):
    short = with_fcs(bytes(peer.udp(b"a"))[:59], pad=False)
    assert echo.symbols(symbols_of(short), symbols_of(with_fcs(bytes(peer.udp(b"b"))))) == padded(
        peer.datagram(b"b\0")
    )
    assert echo.drops == {"RUNT": 1}


@pytest.mark.parametrize(
    "preamble", [b"\xd5", b"\x55\xd5", b"\x55" * 6 + b"\xd5", b"\x55" * 15 + b"\xd5"]
)
def test_preambles_that_phys_make(echo, peer, preamble):
    frame = with_fcs(bytes(peer.udp(b"data")))
    found = echo.symbols(*(symbols_of(frame, preamble=preamble, gap=5) for _ in range(3)))
    assert found == padded(*[peer.datagram(b"data\0")] * 3)


def mutated(choose, frame):
    """A frame with a few bytes changed, cut or added to; its check sequence will be right."""
    frame = bytearray(frame)
    for _ in range(choose.choice([1, 1, 2, 3])):
        place = choose.randrange(min(len(frame), choose.choice([14, 42, 200])))
        frame[place] = choose.choice([frame[place] ^ 1 << choose.randrange(8), 0, 0xFF, 0x45, 0x08])
    if choose.random() < 0.2:
        frame = frame[: choose.randrange(60, len(frame) + 1)] if len(frame) > 60 else frame
    if choose.random() < 0.1:
        frame += bytes(choose.randrange(1, 30))
    return bytes(frame).ljust(60, b"\0")


def test_changed_frames_are_judged_as_the_contract_says(echo, peer):
    choose = random.Random(17)
    seeds = [peer.arp(), peer.echo(text(30)), peer.udp(text(33)), peer.udp(text(4), chksum=0)]
    accepted = 0
    for number in range(1500):
        frame = mutated(choose, bytes(choose.choice(seeds)))
        before = echo.drops
        found = echo.frames(frame)
        reason = reason_against(frame)
        after = echo.drops
        if reason is None:
            accepted += 1
            assert after == before and len(found) >= 1, (number, frame.hex())
        else:
            assert found == [], (number, frame.hex())
            assert after == {**before, reason: before.get(reason, 0) + 1}, (number, frame.hex())
    assert 100 < accepted < 1400


def test_a_flood_of_strangers_takes_nothing_from_who_may(echo, peer, another):
    flood = [
        another.udp(text(30), dport=7),
        another.arp(pdst="10.77.0.3"),
        another.echo(b"", type=13),
    ]
    frames = []
    for number in range(200):
        frames += [*flood, peer.udp(text(20, number))]
    found = echo.frames(*frames)
    assert found == padded(*(peer.datagram(text(20, n) + b"\0") for n in range(200)))
    assert echo.drops == {"OTHER_PORT": 200, "OTHER_ARP": 200, "OTHER_PROTOCOL": 200}


def test_what_finds_no_room_is_dropped_whole(echo_with, peer):
    slow = echo_with(clock_hz=12_000_000)
    sent = [text(1400, n) for n in range(40)]
    found = slow.frames(*map(peer.udp, sent))
    at = iter(padded(*(peer.datagram(data + b"\0") for data in sent)))
    assert all(one in at for one in found), "in order, each as it was sent"
    assert slow.drops == {"FULL": 40 - len(found)}
    assert 5 < len(found) < 20
    assert slow.frames(peer.udp(b"good")) == padded(peer.datagram(b"good\0"))


def test_a_flood_of_echoes_leaves_room_for_datagrams(echo, peer, another):
    frames = []
    for number in range(40):
        frames += [another.echo(text(1400)), peer.udp(text(9, number))]
    found = echo.frames(*frames)
    datagrams = [one for one in found if UDP in Ether(one)]
    assert datagrams == padded(*(peer.datagram(text(9, n) + b"\0") for n in range(40)))


@pytest.mark.parametrize(("receive", "transmit"), [(100, -100), (-100, 100)])
def test_clocks_that_drift_apart(echo_with, peer, receive, transmit):
    device = echo_with(clock_hz=33_333_333, receive_ppm=receive, transmit_ppm=transmit)
    sent = [text(9 + 3 * n, n) for n in range(60)]
    assert device.frames(*map(peer.udp, sent)) == padded(
        *(peer.datagram(data + b"\0") for data in sent)
    )


@pytest.mark.parametrize("size", [None, 0, 200])
def test_frames_leave_with_the_gap_of_the_standard_and_little_more(echo, peer, size):
    """Behind a long one answers wait; those of ARP (no size) for the gap alone."""
    gaps = []
    echo.simulation.send(bytes(peer.echo(text(1400))))
    for _ in range(6):
        echo.simulation.send(bytes(peer.arp() if size is None else peer.echo(text(size))))
    while echo.simulation.receive(50e-6) is not None:
        gaps.append(echo.simulation.gap)
    assert len(gaps) == 7
    assert 12 <= min(gaps[1:]) <= max(gaps[1:]) <= 16


def test_arp_changes_nothing_here(echo, peer, another):
    """No cache, so nobody can put a wrong address into it."""
    lie = ARP(
        op="is-at", hwsrc=another.mac, psrc=peer.ip, pdst="10.77.0.2", hwdst="02:63:6e:73:6c:02"
    )
    frames = [Ether(src=another.mac, dst="02:63:6e:73:6c:02") / lie, peer.udp(b"mine")]
    assert echo.frames(*frames) == padded(peer.datagram(b"mine\0"))
