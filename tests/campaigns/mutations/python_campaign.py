"""Random changes of the host's exact and link code and of the golden model."""

import ast
import hashlib
from dataclasses import asdict
from itertools import islice
from pathlib import Path

from tests.campaigns.mutations.campaign import Case, Field
from tests.campaigns.mutations.display import progress
from tests.campaigns.mutations.result import PartResult
from tests.campaigns.mutations.survivors import judged
from tests.campaigns.mutations.syntax import Mutant, mutants_of

__all__ = ["TESTS", "chosen", "run"]

COUNT = 300
"""Mutants tried, of some 3,000 there are."""

EXACT, KERNELS = "tests/host/exact/", "tests/host/kernels/"
LINK, SERVER, DEVICES = "tests/host/link/", "tests/host/server/", "tests/host/devices/"
GOLDEN = "tests/sim/golden/"
STATES = (EXACT + "test_log_sum.py", EXACT + "test_window_sum.py")
SESSION = (LINK + "test_session.py", LINK + "test_session_faults.py")

TESTS = {
    "host/consilience/numbers/convert.py": ("tests/host/numbers/test_convert.py",),
    "host/consilience/numbers/float_log_sum.py": ("tests/host/test_logsumexp.py",),
    "host/consilience/exact/bins.py": STATES,
    "host/consilience/kernels/sum_kernels.py": (
        KERNELS + "test_sum_kernels.py",
        KERNELS + "test_live_kernels.py",
        "-k",
        "interpreted",
    ),
    "host/consilience/kernels/posterior_kernels.py": (
        KERNELS + "test_posterior_kernels.py",
        "-k",
        "interpreted",
    ),
    "host/consilience/exact/log_sum.py": STATES,
    "host/consilience/exact/rounding.py": (EXACT + "test_rounding.py", *STATES),
    "host/consilience/exact/state.py": STATES,
    "host/consilience/exact/state_bytes.py": STATES,
    "host/consilience/exact/window_sum.py": tuple(reversed(STATES)),
    "host/consilience/server/device_session.py": (
        SERVER + "test_endpoint.py",
        *SESSION,
        SERVER + "test_endpoint_against_gateware.py",
    ),
    "host/consilience/server/endpoint.py": (SERVER + "test_endpoint.py", *SESSION),
    "host/consilience/link/exchange.py": SESSION,
    "host/consilience/link/frames.py": (LINK + "test_frames.py", *SESSION),
    "host/consilience/link/identity.py": (LINK + "test_identity.py", *SESSION),
    "host/consilience/link/messages.py": (
        LINK + "test_messages.py",
        DEVICES + "test_link_device.py",
    ),
    "host/consilience/link/operation.py": (LINK + "test_operation.py", *SESSION),
    "host/consilience/server/records.py": (
        SERVER + "test_records.py",
        SERVER + "test_endpoint.py",
        DEVICES + "test_link_device.py",
    ),
    "host/consilience/link/reset_probe.py": (LINK + "test_reset_probe.py", *SESSION),
    "host/consilience/server/server.py": (SERVER + "test_server.py",),
    "host/consilience/link/session.py": SESSION,
    "host/consilience/devices/agent_rows.py": (
        DEVICES + "test_agent_rows.py",
        DEVICES + "test_device.py",
    ),
    "host/consilience/devices/device.py": (
        DEVICES + "test_device.py",
        DEVICES + "test_cpu.py",
    ),
    "sim/consilience_sim/golden/borders.py": (
        GOLDEN + "test_borders.py",
        GOLDEN + "test_log_sum.py",
    ),
    "sim/consilience_sim/golden/log_sum.py": (
        GOLDEN + "test_log_sum.py",
        GOLDEN + "test_window.py",
    ),
    "sim/consilience_sim/golden/mantissas.py": (
        GOLDEN + "test_mantissas.py",
        GOLDEN + "test_borders.py",
    ),
    "sim/consilience_sim/golden/posterior.py": (GOLDEN + "test_posterior.py",),
    "sim/consilience_sim/golden/window.py": (
        GOLDEN + "test_window.py",
        GOLDEN + "test_log_sum.py",
    ),
}
"""Which tests are to notice, those that mirror the file first."""


def chosen(root: Path, count: int = COUNT) -> list[Mutant]:
    """Return the mutants to be tried: those whose names have the lowest hashes.

    So a change of one file changes the choice in another hardly at all.
    """
    mutants = [mutant for path in TESTS for mutant in mutants_of(path, (root / path).read_text())]
    mutants.sort(key=lambda mutant: hashlib.sha256(mutant.name.encode()).digest())
    compiling = (mutant for mutant in mutants if _compiles(mutant.text))
    return list(islice(compiling, count))


def _compiles(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def run(field: Field, out: Path, only: tuple[str, ...]) -> PartResult:
    """Try every chosen mutant whose name contains one of `only`."""
    mutants = [one for one in chosen(field.root) if not only or any(t in one.name for t in only)]
    cases = [Case(one.name, one.path, one.text, (TESTS[one.path],)) for one in mutants]
    runs = sorted({TESTS[one.path] for one in mutants})
    with progress("python, clean", len(runs)) as tick:
        field.rehearse(runs, tick)
    with progress("python", len(cases)) as tick:
        verdicts = field.judge(cases, tick)
    survivors = [one.name for one in verdicts if one.how == "survived"]
    return judged("python", [asdict(one) for one in verdicts], survivors, whole=not only)
