"""The monitor on the real traces: delays, false alarms, and other detectors beside it."""
