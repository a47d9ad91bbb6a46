"""All planted faults."""

from tests.mutations.gateware import GATEWARE
from tests.mutations.golden import GOLDEN
from tests.mutations.host import HOST
from tests.mutations.host_link import HOST_LINK
from tests.mutations.link_gateware import LINK_GATEWARE
from tests.mutations.live import LIVE
from tests.mutations.reduction import REDUCTION

__all__ = ["PLANTED"]

PLANTED = (*REDUCTION, *GATEWARE, *LINK_GATEWARE, *LIVE, *GOLDEN, *HOST, *HOST_LINK)
