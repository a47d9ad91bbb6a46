"""verify.py as an auditor runs it: a process of its own, isolated, in an empty environment."""

import subprocess
import sys
from pathlib import Path

import consilience.audit

VERIFY = Path(consilience.audit.__file__).parent / "verify.py"


def verify(target, *options):
    """Return (exit code, stdout, the last line of stderr)."""
    words = [sys.executable, "-I", "-S", str(VERIFY), str(target), *map(str, options)]
    done = subprocess.run(words, env={}, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, (done.stderr.strip().splitlines() or [""])[-1]
