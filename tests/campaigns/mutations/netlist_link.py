"""The link's gateware under faults: requests with every mistake, one by one and all at once."""

import random

from consilience.link.frames import FrameDecoder
from consilience.server.endpoint import SoftwareEndpoint
from consilience_hw.engine.engine import Engine
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import Counter
from tests.campaigns.mutations.netlist_build import Netlist
from tests.campaigns.mutations.netlist_requests import Script
from tests.campaigns.mutations.netlist_run import OTHER, READY, RESET, SPECIAL, Stimulus, Trace
from tests.host.conftest import GoldenDevice
from tests.host.server.test_endpoint_against_gateware import NONCES

__all__ = ["NETLIST", "check", "stimuli"]

CONFIG = EngineConfig(hypotheses=0, weights=False, credits=2, largest_payload=256)
SEEDS = (1, 2, 3, 4)
STEPS = 400
PRODUCED = "core.session.writer.produced"
"""Set from outside, now and then: no run is long enough to bring it near its end."""
LINK = ("receiver.", "core.", "sender.")
JOBS = "core.jobs."

SUPPORT = f"""
// The counters, or without them the number of words produced.
static void poke(Design &design, const uint64_t *counters) {{
	if (counters[0]) {{
		for (size_t index = 0; index < {len(Counter)}; index++)
			set(design.memory_p_core_2e_counters_2e_memory[index], counters[index]);
	}} else {{
		set(design.p_core_2e_session_2e_writer_2e_produced.curr, counters[1]);
		design.p_core_2e_session_2e_writer_2e_produced.next =
			design.p_core_2e_session_2e_writer_2e_produced.curr;
	}}
}}
static uint64_t observe(const Design &) {{
	return 0;
}}
static void set_controls(Design &design, uint8_t control) {{
	set(design.p_o____ready, !!(control & {READY}));
	set(design.p_rst, !!(control & {RESET}));
	set(design.p_gap, !!(control & {SPECIAL}));
	set(design.p_entropy, control & {OTHER} ? {NONCES[0] ^ 0xFFFF_FFFF}u : {NONCES[0]}u);
}}
"""


def _takes(mode: str, port: str, wire: str) -> bool:
    inside = wire.startswith(LINK) and not wire.startswith(JOBS)
    return inside and not (port == "Q" and wire == PRODUCED)


NETLIST = Netlist("link", Engine(CONFIG), _takes, SUPPORT)


def stimuli() -> list[tuple[Stimulus, bytes | None]]:
    """Return inputs, and the bytes that are to come out where that is known."""
    made: list[tuple[Stimulus, bytes | None]] = []
    for seed in SEEDS:
        # Counters near their end: they wrap.
        counters = [(1 << 32) - 1 - 3 * index * seed for index in range(len(Counter))]
        # Each bit of the nonce is 0 in some runs and 1 in others.
        other = seed % 2 == 0
        nonce = NONCES[0] ^ 0xFFFF_FFFF * other
        endpoint = SoftwareEndpoint(GoldenDevice(), CONFIG, lambda nonce=nonce: nonce)
        endpoint._session.counters.update(zip(Counter, counters, strict=True))
        writer = Script(seed, endpoint, nonce)
        if seed == SEEDS[-1]:
            writer.write_exact()
        else:
            writer.write(STEPS)
        made.append((_one_by_one(writer, counters), b"".join(writer.replies)))
        made.append((_all_at_once(writer, counters, seed), None))
        for given, _ in made[-2:]:
            given.controls |= OTHER * other
    return made


def _one_by_one(writer: Script, counters: list[int]) -> Stimulus:
    """Send each request when all that it may wait for is there."""
    size = sum(map(len, writer.script)) + sum(map(len, writer.replies))
    choose = random.Random(size)
    quiet = 700
    given = Stimulus(
        cycles=2 * size + 40 * len(writer.script) + 3 * quiet * len(writer.hard) + 3000
    )
    seen = 0
    for number, (part, reply) in enumerate(zip(writer.script, writer.replies, strict=True)):
        for place, byte in enumerate(part):
            if number == place == 0:
                given.add(byte, pause=40, poke=counters)
            elif place == 0:
                given.add(byte, outputs=seen, patience=quiet, pause=12 + choose.randrange(4))
            else:
                given.add(byte)
        seen += len(reply)
    for part in writer.hard:  # how long the replies are is not known: up to a silence
        given.add(part[0], outputs=(1 << 32) - 1, patience=quiet)
        for byte in part[1:]:
            given.add(byte)
    return given


def _all_at_once(writer: Script, counters: list[int], seed: int) -> Stimulus:
    """Send all as fast as it goes, to a sink that stalls, with silence inside of frames."""
    choose = random.Random(seed)
    size = sum(map(len, writer.script)) + sum(map(len, writer.replies))
    given = Stimulus(cycles=2 * size)
    stalls = 0.0
    for cycle in range(60, given.cycles):
        if choose.random() < 0.001:
            stalls = choose.choice([0, 0, 0.3, 1])
        if choose.random() < stalls:
            given.controls[cycle] &= ~READY & 0xFF
        if choose.random() < 0.001:
            given.controls[cycle] |= SPECIAL
    for number, part in enumerate(writer.script + writer.hard):
        for place, byte in enumerate(part):
            first = number == place == 0
            pause = 40 if first else choose.choice([0] * 20 + [1, 3])
            poke = counters if first else None
            if not place and number % 7 == 3:
                # After the reply to the request before, but for its last bytes.
                pause = choose.choice([0, 300])
                words = choose.choice([choose.getrandbits(30), (1 << choose.randrange(31)) - 1])
                poke = [0, words] + [0] * (len(counters) - 2)
            given.add(byte, pause=pause, poke=poke)
    return given


def check(given: Stimulus, expected: bytes | None, trace: Trace) -> list[str]:
    """Return what is wrong with the trace of the netlist without a fault."""
    wrong = []
    out = bytes(given.outputs(trace))
    decoder = FrameDecoder(24)
    replies = len(decoder.feed(out))
    if replies < 50 or decoder.bad_framing or decoder.bad_crc:
        wrong.append(f"{replies} good replies, others damaged")
    if expected is not None and out[: len(expected)] != expected:
        wrong.append(f"{len(out)} bytes, others than the {len(expected)} of the endpoint")
    if expected is not None and given.taken(trace) != len(given.beats):
        wrong.append(f"{given.taken(trace)} of {len(given.beats)} bytes taken")
    return wrong
