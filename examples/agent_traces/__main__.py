"""``python -m examples.agent_traces --device cpu``: the demo without the command line's tables."""

import argparse
from pathlib import Path

import consilience as cs
from consilience.errors import Mismatch
from consilience_sim import golden

from . import DemoResult, run_demo


def main(device_url: str, out: Path, runs: int = 20000) -> DemoResult:
    """Open a device, run the demo on it, and print its main figures."""
    with cs.open(device_url) as device:
        result = run_demo(device, golden.posteriors, out, runs=runs)
    print(
        f"{result.runs} runs ({result.real_runs} real), {result.evidence_rows} evidence rows, "
        f"mismatches {result.mismatches}, AUC {result.auc:.3f} (first order "
        f"{result.auc_first_order:.3f}), log loss {result.log_loss:.3f} nats, "
        f"{result.seconds_device:.1f} s in the device; report: {result.report}"
    )
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Hijacked agents from their tool calls.")
    parser.add_argument("--device", default="cpu", help="cpu, sim, socket://host:port, ...")
    parser.add_argument("--out", type=Path, default=Path("build/agent_traces.html"))
    parser.add_argument("--runs", type=int, default=20000)
    options = parser.parse_args()
    if main(options.device, options.out, options.runs).mismatches:
        raise SystemExit(Mismatch.exit_code)
