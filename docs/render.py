"""``make docs``: the computed pages. ``--check`` compares and writes nothing, ``--why`` also
names the files of code that have changed since an older page was made.

docs/link.md, docs/network.md and docs/registers.md come from their maps, docs/numerics.md from the
error budget, docs/timing.md from the committed figures, so that every number on a page is computed
by the code. Pages that runs write (docs/pages.toml) get a note where they are older than the code
they speak of, and lose it where they are not; ``--confirm`` renews the stamp of one whose code, as
it is listed now, was the same at its commit.
"""

import argparse
import sys
from fractions import Fraction
from pathlib import Path

from consilience_hw.benches.wide_bench import WORDS
from consilience_hw.log2 import log2_rom
from consilience_hw.spec.log_format import Q16_16
from consilience_sim.reference.error_budget import CONTRACT, ErrorBudget
from consilience_sim.reference.vectors import PACKETS, SHORT
from consilience_tools.pages.code_then import changed_files, confirmed
from consilience_tools.pages.stamp import (
    Origin,
    page_stamp,
    pages,
    says_it_is_older,
    settled,
    with_note,
)
from consilience_tools.pages.templates import rendered
from consilience_tools.place_and_route.baseline import read_baseline
from consilience_tools.place_and_route.configurations import PUBLISHED
from consilience_tools.place_and_route.origins import is_older
from docs.link_page import render as render_link
from docs.network_page import render as render_network
from docs.registers_page import render as render_registers

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
    return rendered(DOCS / "numerics.md.j2", **values)


def render_timing() -> str:
    """Return docs/timing.md."""
    baseline = read_baseline()
    rows, tools, older = [], set(), []
    for one in PUBLISHED:
        if one.name not in baseline:
            continue
        name, figures = one.name, baseline[one.name]
        if is_older(one, figures):
            older.append(name)
        unit, fmax = figures["unit"], figures["fmax_median_mhz"]
        packed = unit["packed_per_lane"] if unit["packed"] else None
        tools |= {f"{tool} {version}" for tool, version in figures["tools"].items()}
        rows.append(
            {
                "name": name,
                "part": figures["part"],
                "lanes": figures["lanes"],
                "fmax": f"{fmax:.1f}",
                "seeds": ", ".join(f"{mhz:.1f}" for mhz in figures["fmax_mhz"].values()),
                "rate": f"{fmax * one.codes_per_cycle / 1e3:.2f}",
                "luts": f"{unit['luts_per_lane']:.0f}",
                "packed": "" if packed is None else f"{packed:.0f}",
                "ff": f"{unit['FF']:,}",
                "bram": unit["BRAM"],
                "dsp": unit["DSP"],
                "latency": figures["latency_cycles"],
                "path": figures["critical_path"],
                "commit": figures["commit"] + ", older" * (name in older),
            }
        )
    tools_text = ", ".join(sorted(tools))
    text = rendered(DOCS / "timing.md.j2", rows=rows, tools=tools_text, words=WORDS)
    again = Origin(f'make timing CONFIG="{" ".join(older)}"', ())
    return with_note(text, again) if older else text


PAGES = {
    "link.md": render_link,
    "network.md": render_network,
    "numerics.md": render_numerics,
    "registers.md": render_registers,
    "timing.md": render_timing,
}


def written_page(name: str, origin: Origin) -> str:
    """Return a page that a run wrote as it is now: with a note if it is older than its code."""
    try:
        return settled((DOCS / name).read_text(encoding="utf-8"), origin)
    except ValueError as error:
        raise SystemExit(f"docs/{name}: {error}; {origin.command}") from None


def tell_why(older: list[str], origins: dict[str, Origin]) -> None:
    """Print, for each page that is older than its code, the files that have changed."""
    for name in older:
        made = page_stamp((DOCS / name).read_text(encoding="utf-8"))
        if made is None:  # timing.md, row by row
            continue
        changed = changed_files(made, origins[name])
        if changed is None:
            print(f"docs/{name}: made at {made.commit}, of which git knows nothing")
            continue
        print(f"docs/{name}: {len(changed)} files have changed since {made.commit}")
        for path in changed:
            print(f"    {path}")


def confirm(origins: dict[str, Origin]) -> None:
    """Renew the stamps of pages whose code, as it is listed now, was the same at their commits."""
    for name, origin in origins.items():
        text = (DOCS / name).read_text(encoding="utf-8")
        made = page_stamp(text)
        if made is None or made.code == origin.digest():
            continue
        if (renewed := confirmed(text, made, origin)) != text:
            (DOCS / name).write_text(renewed, encoding="utf-8")
            print(f"docs/{name}: its code is that of {made.commit}")


def main() -> int:
    """Write the pages, or check them; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--why", action="store_true", help="and name the code that has changed")
    parser.add_argument("--confirm", action="store_true", help="renew stamps of unchanged code")
    options = parser.parse_args()
    check, origins = options.check or options.why, pages()
    if options.confirm and not check:
        confirm(origins)
    texts = {name: render() for name, render in PAGES.items()}
    written = [name for name in origins.keys() - PAGES.keys() if (DOCS / name).exists()]
    texts |= {name: written_page(name, origins[name]) for name in written}
    stale = []
    for name, text in sorted(texts.items()):
        page = DOCS / name
        if not check:
            page.write_text(text, encoding="utf-8")
        elif not page.exists() or page.read_text(encoding="utf-8") != text:
            stale.append(f"docs/{name}")
    if older := [f"docs/{name}" for name, text in sorted(texts.items()) if says_it_is_older(text)]:
        print(f"older than the code they speak of, which they say: {', '.join(older)}")
    if options.why:
        tell_why([Path(one).name for one in older], origins)
    if stale:
        print(f"{', '.join(stale)} not as rendered; run `make docs`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
