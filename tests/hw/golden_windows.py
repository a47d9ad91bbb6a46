"""Golden windows as the states that units take and give, and beats whose windows are hard."""

from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden

SPECIAL = [-(2**31), -(2**31) + 1, 2**31 - 1, 0, -1, 8 << 16, (8 << 16) - 1]
ONE = 1 << 16


def state_fields(window):
    """Return a golden window as the fields of `window_layout`."""
    return {
        "present": window.top is not None,
        "top": window.top or 0,
        "slots": list(window.slots),
        "count": window.count,
    }


def assert_state_of(codes, state):
    """Check a unit's state against the golden window of the codes it was made of."""
    window = golden.window(codes, Q16_16)
    assert state.present == (window.top is not None), codes
    assert tuple(state.slots) == window.slots, codes
    assert (state.count, state.over) == (window.count, 0), codes
    assert window.top is None or state.top == window.top, codes


def some_codes(choose, count):
    """Return codes: anywhere, special, or around one window's height."""
    base = choose.randrange(-(2**31), 2**31)
    draw = choose.choice(
        [
            lambda: choose.randrange(-(2**31), 2**31),
            lambda: choose.choice(SPECIAL),
            lambda: max(-(2**31), base - choose.randrange(80 * ONE)),
            lambda: choose.choice([-(2**31), base]),
        ]
    )
    return [draw() for _ in range(count)]
