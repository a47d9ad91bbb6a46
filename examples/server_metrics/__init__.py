"""Metrics of servers: one numeric model, conformal ranks and a monitor over whole benchmarks."""
