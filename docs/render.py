"""``make docs``: the pages that are computed. ``--check`` compares and writes nothing.

docs/link.md comes from the map of the link, docs/numerics.md from the error budget: what a page
says of a number is what the code computes.
"""

import argparse
import sys
from fractions import Fraction
from pathlib import Path

from consilience.link_docs import render as render_link
from consilience_hw import log2_rom
from consilience_hw.log_format import Q16_16
from consilience_sim.error_budget import CONTRACT, ErrorBudget
from consilience_sim.vectors import PACKETS, SHORT
from jinja2 import Environment, StrictUndefined

DOCS = Path(__file__).parent


def upward(value: Fraction, digits: int) -> str:
    """Return a bound in decimals, rounded up: a bound must not shrink by being printed."""
    scaled = -(-value * 10**digits // 1)
    return f"{int(scaled) / 10**digits:.{digits}f}"


def scientific(value: Fraction, digits: int = 3) -> str:
    """Return a small bound as a * 10^-n, rounded up."""
    exponent = 0
    while value < 1:
        value *= 10
        exponent += 1
    return f"{upward(value, digits - 1)} * 10^-{exponent}"


def render_numerics() -> str:
    """Return docs/numerics.md."""
    fmt, budget = Q16_16, ErrorBudget()
    ln_2 = 1 / budget.log2_e
    values = {
        "F": fmt.fraction_bits,
        "P": fmt.mantissa_bits,
        "B": fmt.bin_width,
        "D": fmt.window_bins,
        "fractions": f"{fmt.fractions}",
        "fraction_mask": f"{fmt.fractions - 1:#x}",
        "width": fmt.slots * fmt.bin_width + 32,
        "cell": fmt.cell_bits,
        "highest_part": (1 << fmt.bin_width) - 1,
        "identifier": f"{fmt.identifier:#010x}",
        "contract": upward(CONTRACT, 2),
        "log_sum": upward(budget.log_sum, 4),
        "mantissas": upward(budget.mantissas, 5),
        "cut": upward(budget.cut, 5),
        "cut_million": scientific(ErrorBudget(terms=10**6).cut),
        "rounding": upward(budget.rounding, 1),
        "per_relative": f"{int(-(-budget.ulp_per_relative // 1)):,}",
        "posterior": upward(budget.posterior, 4),
        "conversion": upward(budget.conversion, 7),
        "conversion_nats": scientific(budget.conversion * ln_2 / fmt.fractions),
        "nats": scientific(budget.logsumexp_nats),
        "range_nats": f"{int(fmt.max_code * ln_2 / fmt.fractions):,}",
        "G": log2_rom.G,
        "X": log2_rom.X,
        "log2_bound": upward(log2_rom.error_bound(log2_rom.log2_rom()), 2),
        "log2_allowed": log2_rom.ERROR,
        "hard_log": log2_rom.G - fmt.fraction_bits - log2_rom.ERROR_LOG - 1,
        "packets": f"{PACKETS:,}",
        "short": f"{SHORT:,}",
    }
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    return environment.from_string((DOCS / "numerics.md.j2").read_text()).render(values)


PAGES = {"link.md": render_link, "numerics.md": render_numerics}


def main() -> int:
    """Write the pages, or check them; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    stale = []
    for name, render in PAGES.items():
        page, text = DOCS / name, render()
        if not check:
            page.write_text(text, encoding="utf-8")
        elif not page.exists() or page.read_text(encoding="utf-8") != text:
            stale.append(f"docs/{name}")
    if stale:
        print(f"{', '.join(stale)} not as rendered; run `make docs`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
