"""Readers of agent traces: what agents did, step by step, whoever wrote it down."""
