"""Hijacked LLM agents found from their tool calls: real runs, fused on a consilience device.

The parts are imported relatively and need no place on `sys.path`: the command line loads this
folder by path, and ``python -m examples.agent_traces`` works from the root of a checkout.
"""

from examples.agent_traces.replay import ReplayOptions, ReplayResult, replay
from examples.agent_traces.result import DemoResult
from examples.agent_traces.run import run_demo

__all__ = ["DemoResult", "ReplayOptions", "ReplayResult", "replay", "run_demo"]
