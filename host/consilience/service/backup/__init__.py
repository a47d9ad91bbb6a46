"""Copies of a state directory, taken while the service runs, and brought back whole or not."""
