"""Lying reporters among real agent traces: `python -m examples.agent_traces.robustness`."""
