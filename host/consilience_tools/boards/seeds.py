"""Place and route of a board with one seed after the other, until its clocks are met."""

import logging

from consilience_tools.boards.catalogue import BoardTooling
from consilience_tools.place_and_route.nextpnr_report import ROUTED_BUT
from consilience_tools.place_and_route.routing import NotRouted, RoutedDesign, routed
from consilience_tools.place_and_route.synthesis import SynthesisedDesign
from consilience_tools.place_and_route.targets import Target
from consilience_tools.place_and_route.tools import Working

__all__ = ["SEEDS", "first_routed"]

SEEDS = (1, 2, 3, 4, 5)
"""Of nextpnr's random choices. A design that is near its clock meets it with some of them."""

_log = logging.getLogger("consilience_tools.boards")


def first_routed(
    board: BoardTooling,
    netlist: SynthesisedDesign,
    target: Target,
    seed: int | None,
    keep: tuple[str, ...],
    working: Working,
) -> RoutedDesign:
    """Return the run of a seed, or of the first that meets all clocks.

    Parameters
    ----------
    board : BoardTooling
    netlist : SynthesisedDesign
    target : Target
    seed : int or None
        None: of `SEEDS`.
    keep : tuple of str
        Files of nextpnr that are kept.
    working : Working
        Shows each try.

    Raises
    ------
    NotRouted
        The design does not fit, or no seed meets the clocks: the message is of the last.
    """

    def run(one: int) -> RoutedDesign:
        with working(f"{board.name}: place and route, seed {one}"):
            return routed(
                netlist, target, one, name=board.name, more_options=board.post_route, keep=keep
            )

    *tried, last = SEEDS if seed is None else (seed,)
    for one in tried:
        try:
            return run(one)
        except NotRouted as error:
            if ROUTED_BUT not in str(error):
                raise
        _log.info("%s: seed %d misses a clock; another is tried", board.name, one)
    return run(last)
