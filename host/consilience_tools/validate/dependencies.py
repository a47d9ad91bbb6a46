"""The packages that are installed: locked by hashes, and without known weaknesses."""

import json
import re
import shutil
import subprocess
from typing import Any

from consilience.validate.bench import Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding, NotRun
from consilience_tools.pages.stamp import ROOT

__all__ = ["claims", "unlocked"]

_TOOL = "pip-audit"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==\S+", re.MULTILINE)
_LONGEST = 300
"""Seconds."""


def claims() -> list[Claim]:
    """Return the claims of the lock."""
    return [
        Claim(
            "security.lock",
            "each package that set-up installs is one version, with the SHA-256 of its files",
            _locked,
            0.5,
        ),
        Claim(
            "security.dependencies",
            "no package of the lock has a weakness that is known",
            _audited,
            60.0,
        ),
    ]


def _locked(bench: Bench) -> Finding:
    text = _lock()
    names, bare = len(_PIN.findall(text)), unlocked(text)
    return Finding(
        f"{names} packages of requirements.lock",
        names,
        len(bare),
        worst=bare[0] if bare else "all have hashes",
        bound="all have hashes",
    )


def unlocked(text: str) -> list[str]:
    """Return the requirements of a lock that are not one version, or have no hash."""
    entries = re.split(r"\n(?=\S)", text.strip())
    entries = [one for one in entries if one and not one.startswith("#")]
    return [
        one.split("\n")[0] for one in entries if not _PIN.match(one) or "--hash=sha256:" not in one
    ]


def _audited(bench: Bench) -> Finding:
    text = _lock()
    tool = shutil.which(_TOOL)
    if tool is None:
        raise NotRun(f"{_TOOL} is not installed; run: pip install {_TOOL}")
    command = [tool, "-r", "requirements.lock", "--disable-pip", "--format", "json"]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=_LONGEST, check=False
        )
        found: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise NotRun(f"{_TOOL} reached no index of weaknesses; connect to a network") from None
    weak = [
        f"{one['name']} {one['version']}: {fault['id']}"
        for one in found["dependencies"]
        for fault in one.get("vulns", [])
    ]
    return Finding(
        f"{_TOOL} on {len(_PIN.findall(text))} packages of requirements.lock",
        len(found["dependencies"]),
        len(weak),
        worst=weak[0] if weak else "none",
        bound="none",
    )


def _lock() -> str:
    path = ROOT / "requirements.lock"
    if not path.is_file():
        raise NotRun(
            "needs a checkout: this is a wheel, without a lock; in a checkout: make setup, "
            ".venv/bin/consilience"
        )
    return path.read_text(encoding="utf-8")
