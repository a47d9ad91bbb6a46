"""All planted faults."""

from tests.campaigns.mutations.access import ACCESS
from tests.campaigns.mutations.differential import DIFFERENTIAL
from tests.campaigns.mutations.distributed import DISTRIBUTED
from tests.campaigns.mutations.durability import DURABILITY
from tests.campaigns.mutations.ethernet_gateware import ETHERNET_GATEWARE
from tests.campaigns.mutations.evidence import EVIDENCE
from tests.campaigns.mutations.gateware import GATEWARE
from tests.campaigns.mutations.golden import GOLDEN
from tests.campaigns.mutations.host import HOST
from tests.campaigns.mutations.host_link import HOST_LINK
from tests.campaigns.mutations.link_gateware import LINK_GATEWARE
from tests.campaigns.mutations.live import LIVE
from tests.campaigns.mutations.monitor import MONITOR
from tests.campaigns.mutations.monitor_gateware import MONITOR_GATEWARE
from tests.campaigns.mutations.monitor_sources import MONITOR_SOURCES
from tests.campaigns.mutations.observation_gateware import OBSERVATION_GATEWARE
from tests.campaigns.mutations.reduction import REDUCTION
from tests.campaigns.mutations.traces import TRACES

__all__ = ["PLANTED"]

PLANTED = (
    *(*REDUCTION, *GATEWARE, *LINK_GATEWARE, *ETHERNET_GATEWARE, *LIVE, *GOLDEN, *HOST, *HOST_LINK),
    *(*DIFFERENTIAL, *DURABILITY, *DISTRIBUTED, *EVIDENCE, *MONITOR, *MONITOR_SOURCES),
    *(*MONITOR_GATEWARE, *OBSERVATION_GATEWARE, *TRACES, *ACCESS),
)
