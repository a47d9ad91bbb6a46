"""The parts of the campaign: each has its seed, runs alone, and is kept once it has run."""

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import Enum
from functools import partial
from pathlib import Path

from tests.campaigns.fire.datagrams.campaign import DatagramCampaign
from tests.campaigns.fire.datagrams.hostile_network import HostileNetwork
from tests.campaigns.fire.datagrams.troubles import DatagramCell, Trouble
from tests.campaigns.fire.datagrams.virtual_socket import VirtualSocket
from tests.campaigns.fire.ends import DeviceEnd, GatewareEnd, Owned, SoftwareEnd
from tests.campaigns.fire.faults import Direction
from tests.campaigns.fire.frames.campaign import FrameCampaign, wire
from tests.campaigns.fire.frames.troubles import FrameCell, FrameTrouble
from tests.campaigns.fire.tally import Tally

__all__ = ["FULL", "SLICE", "Layer", "Part", "kept"]


class Layer(Enum):
    """What is at the other end of the network."""

    SOFTWARE = "software endpoint"
    GATEWARE = "compiled engine"
    BOARD = "compiled device at its GMII pins"


def _datagrams(
    make_end: Callable[[random.Random], DeviceEnd],
) -> Callable[[random.Random, float], tuple[VirtualSocket, Owned]]:
    def network(choose: random.Random, timeout: float) -> tuple[VirtualSocket, Owned]:
        end = make_end(choose)
        return HostileNetwork(end, choose, timeout), end

    return network


_CAMPAIGNS: dict[Layer, Callable[[int, int], DatagramCampaign]] = {
    Layer.SOFTWARE: partial(DatagramCampaign, _datagrams(SoftwareEnd)),
    Layer.GATEWARE: partial(DatagramCampaign, _datagrams(GatewareEnd)),
    Layer.BOARD: partial(FrameCampaign, wire),
}


@dataclass(frozen=True)
class Part:
    """A layer, the seed, and how many faults."""

    layer: Layer
    seed: int
    faults: int

    def run(self) -> Tally:
        """Return what became of it."""
        return _CAMPAIGNS[self.layer](self.seed, self.faults).run()


def kept(part: Part, folder: Path) -> Tally:
    """Return what became of a part: from `folder`, or run now and written there."""
    file = folder / f"{part.layer.name.lower()}-{part.seed}-{part.faults}.json"
    if file.is_file():
        found = json.loads(file.read_text())
        injected = Counter(
            {
                _cell(part.layer, trouble, Direction(direction)): count
                for trouble, direction, count in found.pop("injected")
            }
        )
        return Tally(injected=injected, **found)  # type: ignore[arg-type]
    tally = part.run()
    values = asdict(tally) | {
        "injected": [
            (cell.trouble.value, cell.direction.value, count)  # type: ignore[attr-defined]
            for cell, count in tally.injected.items()
        ]
    }
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(values))
    return tally


def _cell(layer: Layer, trouble: str, direction: Direction) -> DatagramCell | FrameCell:
    if layer is Layer.BOARD:
        return FrameCell(FrameTrouble(trouble), direction)
    return DatagramCell(Trouble(trouble), direction)


FULL = (
    *(Part(Layer.BOARD, seed, 1_000) for seed in range(201, 213)),
    *(Part(Layer.GATEWARE, seed, 1_000) for seed in range(1, 9)),
    *(Part(Layer.SOFTWARE, seed, 10_000) for seed in range(101, 199)),
)
"""What `make fire` runs: a million faults."""

SLICE = (Part(Layer.GATEWARE, 1, 100), Part(Layer.SOFTWARE, 2, 1_500))
"""What `make test` runs."""
