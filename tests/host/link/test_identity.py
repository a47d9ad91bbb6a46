"""HELLO's reply: identity, and which devices are refused or warned of."""

import dataclasses
import struct
import warnings

import pytest

from consilience.errors import AbiMismatch, NoDevice
from consilience.link.identity import BuildWarning, parse_hello
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import ABI, BoardId, Feature
from consilience_hw.spec.log_format import Q16_16

CONFIG = EngineConfig(
    lanes=8, hypotheses=4, credits=8, board=BoardId.ULX3S_85F, clock_hz=10**8, version=(1, 2, 3)
)


def hello(**changes):
    """Return HELLO's data with words changed by their place."""
    words = CONFIG.hello_words(55)
    for place, word in changes.items():
        words[int(place[1:])] = word
    return struct.pack(f"<{len(words)}I", *words)


def test_identity():
    identity, nonce = parse_hello(hello(), "here")
    assert nonce == 55
    assert dataclasses.asdict(identity) == {
        "version": (1, 2, 3),
        "build": CONFIG.build_hash,
        "board": BoardId.ULX3S_85F,
        "clock_hz": 10**8,
        "format": dataclasses.asdict(Q16_16),
        "lanes": 8,
        "hypotheses": 4,
        "features": Feature.POSTERIOR | Feature.WEIGHTS,
        "components": 0,
        "payload": 1024,
        "credits": 8,
    }
    assert identity.board_name == "ulx3s_85f"


def test_no_warning_of_the_same_build():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parse_hello(hello(), "here")[0].warn_of_other_build("here")


@pytest.mark.parametrize("changes", [{"w3": 1}, {"w9": 5}])
def test_warning_of_another_build(changes):
    identity, _ = parse_hello(hello(**changes), "here")
    both = "[0-9a-f]{16} or [0-9a-f]{16}"
    expected = f"here: its build is {identity.build:016x}, this host's sources give {both};"
    with pytest.warns(BuildWarning, match=expected):
        identity.warn_of_other_build("here")


def test_warning_of_a_board_this_host_does_not_know():
    identity, _ = parse_hello(hello(w5=99), "here")
    assert identity.board_name == "#99"
    with pytest.warns(BuildWarning, match="this host's sources give none"):
        identity.warn_of_other_build("here")


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        (b"", NoDevice, "here: what answers there is no consilience device; check the address"),
        (hello(w0=1), NoDevice, "is no consilience device"),
        (hello(w1=ABI + 1), AbiMismatch, f"ABI {ABI + 1}, this host {ABI}; update this host's"),
        (hello(w1=ABI - 1), AbiMismatch, f"ABI {ABI - 1}, this host {ABI}; rebuild the device's"),
        (hello(w1=ABI + 1)[:8], AbiMismatch, "update this host's software"),
        (hello()[:4], AbiMismatch, "rebuild the device's gateware"),
        (hello()[:-4], NoDevice, "identity makes no sense"),
        (hello(w7=0xFF), AbiMismatch, "does not know number format 0x000000ff; update this host"),
        (hello(w11=252), NoDevice, "identity makes no sense"),
        (hello(w12=0), NoDevice, "identity makes no sense"),
    ],
)
def test_refused(reply, error, message):
    with pytest.raises(error, match=message):
        parse_hello(reply, "here")


def test_no_warning_of_a_small_unit():
    """Which of two units does the log sums is no field of HELLO; the build hash knows it."""
    config = EngineConfig(serial=True, hypotheses=0, weights=False, board=BoardId.ICEBREAKER)
    words = b"".join(word.to_bytes(4, "little") for word in config.hello_words(5))
    identity, _ = parse_hello(words, "here")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        identity.warn_of_other_build("here")
