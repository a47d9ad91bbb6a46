"""What was found, as documents: one that is the same in every run, and one of what was measured."""

import json
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from consilience.validate.bench import Options
from consilience.validate.claim import Tested
from consilience.validate.finding import Verdict
from consilience.validate.source_hash import sources_digest

__all__ = ["claim_document", "claims_document", "counted", "document_bytes", "measured_document"]


def claims_document(tested: Sequence[Tested], options: Options) -> dict[str, Any]:
    """Return version, code, options and all claims: nothing of clock or machine."""
    return {
        "format": "consilience claims 1",
        "version": version("consilience"),
        "sources_sha256": sources_digest(),
        "scale": str(options.scale),
        "devices": list(options.devices),
        "counts": counted(tested),
        "claims": [claim_document(one) for one in tested],
    }


def measured_document(tested: Sequence[Tested]) -> dict[str, Any]:
    """Return what depends on clock or machine: seconds, exponents, coefficients."""
    return {
        "format": "consilience measured 1",
        "machine": {
            "processor": platform.machine(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "claims": {
            one.name: {
                "seconds": round(one.seconds, 3),
                **(dict(one.finding.measured) if one.finding else {}),
            }
            for one in tested
            if one.verdict is not Verdict.NOT_RUN
        },
    }


def counted(tested: Sequence[Tested]) -> dict[str, int]:
    """Return how many claims stand, fail and were not run."""
    found = Counter(one.verdict for one in tested)
    return {str(one): found[one] for one in Verdict}


def document_bytes(document: Mapping[str, Any]) -> bytes:
    """Return a document as the bytes of its file."""
    return (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def claim_document(one: Tested) -> dict[str, Any]:
    """Return a claim and what came of it, without anything of clock or machine."""
    found = one.finding
    judged: dict[str, Any] = {}
    if found is not None:
        judged = {
            "ran": found.ran,
            "cases": found.cases,
            "failures": found.failures,
            "counts": f"{found.failures:,} of {found.cases:,} cases break it",
            "worst": found.worst or "measured.json",
            "bound": f"{found.bound} ({found.interval})" if found.interval else found.bound,
            "interval": found.interval,
        }
    return {
        "name": one.name,
        "statement": one.statement,
        "verdict": str(one.verdict),
        "reason": one.reason,
        **judged,
    }
