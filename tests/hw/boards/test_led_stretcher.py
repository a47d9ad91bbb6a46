"""`LedStretcher`: lit from an event for one to two periods after the last."""

from amaranth.sim import Simulator

from consilience_hw.boards.led_stretcher import LedStretcher


def lit_cycles(events, cycles, clock_hz=64):
    dut = LedStretcher(clock_hz)
    lit = []

    async def bench(ctx):
        for now in range(cycles):
            ctx.set(dut.time, now)
            ctx.set(dut.event, now in events)
            lit.append(ctx.get(dut.lit))
            await ctx.tick()

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return [now for now, on in enumerate(lit) if on]


def test_dark_without_events():
    assert lit_cycles((), 100) == []


def test_an_event_is_seen_for_one_to_two_periods():
    period = 1 << LedStretcher(64).time_bits
    assert period == 8
    for start in range(20, 30):
        lit = lit_cycles((start,), 100)
        assert lit[0] == start + 1
        assert lit == list(range(lit[0], lit[-1] + 1))
        assert period < len(lit) <= 2 * period


def test_events_keep_it_lit():
    lit = lit_cycles(range(10, 60, 7), 100)
    assert lit[:50] == list(range(11, 61))
    assert lit[-1] < 80
