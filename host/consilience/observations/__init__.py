"""A monitor on a network: observations to it, alarms from it."""
