"""Gateware of a monitor on a network: datagrams of observations in, alarms out.

``packets -> ObservationReader -> ObservationChecks -> BinnedMonitor -> alarms``; the format is
`spec.observations`.
"""
