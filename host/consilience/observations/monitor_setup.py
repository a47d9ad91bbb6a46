"""What the bitstream of a monitor on a network holds, from the host's own settings."""

from consilience.errors import BadInput
from consilience.monitor.frozen_table import FrozenTable
from consilience.monitor.settings import MonitorSettings
from consilience_hw.spec.observations import MonitorSetup

__all__ = ["monitor_setup"]


def monitor_setup(settings: MonitorSettings, table: FrozenTable) -> MonitorSetup:
    """Return the setup with which a device does what a `Monitor` of these settings does.

    Parameters
    ----------
    settings : MonitorSettings
        ``Monitor.settings``.
    table : FrozenTable
        Of as many bets as there are weights.

    Raises
    ------
    BadInput
        They do not fit each other.
    """
    components = table.codes.shape[1]
    if components != len(settings.weights):
        raise BadInput(f"{len(settings.weights)} weights for a table of {components} bets")
    rows = tuple(tuple(row) for row in table.codes.tolist())
    return MonitorSetup(settings.mode, settings.policy, settings.threshold, settings.weights, rows)
