"""The parts of the campaign, each of which can run in a process of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from tests.campaigns.fire.driver import DriverCampaign
from tests.campaigns.fire.ends import GatewareEnd, SoftwareEnd
from tests.campaigns.fire.gateware_parser import attack_gateware_parser
from tests.campaigns.fire.host_parser import attack_host_parser
from tests.campaigns.fire.tally import Tally

__all__ = ["FULL", "SLICE", "Layer", "Part"]


class Layer(Enum):
    """What is attacked."""

    DRIVER = "driver to software endpoint"
    DRIVER_GATEWARE = "driver to compiled gateware"
    HOST_PARSER = "frame parser of the host"
    GATEWARE_PARSER = "frame parser of the gateware"

    @property
    def has_driver(self) -> bool:
        """Whether the faults go through the driver, during a call."""
        return self in (Layer.DRIVER, Layer.DRIVER_GATEWARE)


@dataclass(frozen=True)
class Part:
    """A layer, the seed, and how many faults of each kind, direction and field."""

    layer: Layer
    seed: int
    each: int

    def run(self, progress: Callable[[int], None]) -> Tally:
        """Run it; `progress` takes the number of faults so far."""
        if self.layer is Layer.HOST_PARSER:
            return attack_host_parser(self.seed, self.each, progress)
        if self.layer is Layer.GATEWARE_PARSER:
            return attack_gateware_parser(self.seed, self.each, progress)
        end = SoftwareEnd if self.layer is Layer.DRIVER else GatewareEnd
        return DriverCampaign(end, self.seed, self.each).run(progress)


FULL = (
    *(Part(Layer.DRIVER_GATEWARE, seed, 75) for seed in range(1, 3)),
    *(Part(Layer.DRIVER, seed, 150) for seed in range(11, 17)),
    Part(Layer.HOST_PARSER, 21, 4500),
    Part(Layer.GATEWARE_PARSER, 31, 5500),
)
"""What `make fire` runs: over a million faults."""

SLICE = (
    Part(Layer.DRIVER_GATEWARE, 1, 1),
    Part(Layer.DRIVER, 2, 3),
    Part(Layer.HOST_PARSER, 3, 30),
    Part(Layer.GATEWARE_PARSER, 4, 30),
)
"""What `make test` runs."""
