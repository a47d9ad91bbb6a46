"""The plot: errors of every rule, and the share left undecided, against the share of liars."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from consilience_tools.pages.svg import BLUE, GREEN, GREY, ORANGE, RED, drawing

from .cells import Cell

__all__ = ["robustness_figure", "worst"]

_LINES = {
    "plain sum": ("v-", RED, 1.4),
    "Krum": ("s--", ORANGE, 1.4),
    "robust": ("o-", BLUE, 2.4),
    "median": ("^:", GREEN, 1.6),
}


def worst(cells: Sequence[Cell], rule: str) -> Cell:
    """Return the cell of the attack under which a rule errs most."""
    return max(cells, key=lambda cell: cell.errors[rule].share)


def robustness_figure(cells: Sequence[Cell]) -> Figure:
    """Draw for each number of reporters the errors under the worst attack, and the undecided."""
    sizes = sorted({cell.reporters for cell in cells})
    shares = list(dict.fromkeys(cell.share for cell in cells))
    with drawing():
        figure = Figure(figsize=(10.5, 6.4), layout="constrained")
        axes = figure.subplots(2, len(sizes), sharex=True, sharey="row", squeeze=False)
        for column, n in enumerate(sizes):
            groups = [[c for c in cells if (c.reporters, c.share) == (n, s)] for s in shares]
            liars = [group[0].liars / n for group in groups]
            above, below = axes[0, column], axes[1, column]
            for rule, (style, colour, width) in _LINES.items():
                rates = [worst(group, rule).errors[rule] for group in groups]
                above.plot(
                    liars, [r.share for r in rates], style, color=colour, lw=width, label=rule
                )
                low, high = zip(*(rate.interval for rate in rates), strict=True)
                above.fill_between(liars, low, high, color=colour, alpha=0.15, lw=0)
            for attack, style, colour in (
                ("clip-maximal", "o-", BLUE),
                ("mimic", "s--", ORANGE),
                ("near median", "^:", GREY),
            ):
                cell = {c.share: c for c in cells if (c.reporters, c.attack) == (n, attack)}
                undecided = [cell[share].undecided.share for share in shares]
                below.plot(liars, undecided, style, color=colour, label=attack)
            for axis in (above, below):
                axis.axvline(1 / 3, color=GREY, ls="-.", lw=0.9)
            above.set_title(f"n = {n:,}")
            below.set_xlabel("share of liars")
        axes[0, 0].set_ylabel("point estimate wrong,\nworst of all attacks")
        axes[1, 0].set_ylabel("certified interval undecided")
        for row in (0, 1):
            axes[row, -1].legend(fontsize=9, loc="upper left", bbox_to_anchor=(1, 1))
    return figure
