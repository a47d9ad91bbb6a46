"""Hijacked LLM agents found from their tool calls: real runs, fused on a consilience device.

The parts are imported relatively and need no place on `sys.path`: the command line loads this
folder by path, and ``python -m examples.agent_traces`` works from the root of a checkout.
"""

from .replay import ReplayOptions, ReplayResult, replay
from .result import DemoResult
from .run import run_demo

__all__ = ["DemoResult", "ReplayOptions", "ReplayResult", "replay", "run_demo"]
