"""What was tested stays on the disk: an interrupted run goes on where it was."""

import hashlib
import json
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from consilience.errors import BadInput
from consilience.evidence.atomic_file import write_file
from consilience.validate.bench import Options
from consilience.validate.claim import Tested
from consilience.validate.finding import Finding, Verdict
from consilience.validate.source_hash import sources_digest

__all__ = ["KeptClaims", "run_key"]


def run_key(options: Options) -> str:
    """Return a name for all that decides a result: version, code, options, the user's data."""
    data = None if options.data is None else hashlib.sha256(options.data.read_bytes()).hexdigest()
    parts = version("consilience"), sources_digest(), options.scale, options.devices, data
    return hashlib.sha256(repr(parts).encode()).hexdigest()


class KeptClaims:
    """Results in a folder, one file a claim.

    What could not be run is kept for nobody: what it lacked may be there next time.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    key : str
        See `run_key`: results of another key are left alone, and not taken.

    Raises
    ------
    BadInput
        The folder cannot be made.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._folder, self._key = folder, key
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(
                f"{folder}: cannot be made ({error.strerror}); choose another --resume"
            ) from None

    def find(self, name: str) -> Tested | None:
        """Return what came of a claim before; None where nothing did, or of other code."""
        path = self._path(name)
        if not path.exists():
            return None
        try:
            read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if read["key"] != self._key:
                return None
            one = read["tested"]
            finding = None if one["finding"] is None else Finding(**one["finding"])
            return Tested(**{**one, "finding": finding, "verdict": Verdict(one["verdict"])})
        except (ValueError, KeyError, TypeError, OSError):
            raise BadInput(
                f"{path}: is damaged; remove it, and the claim is tested again"
            ) from None

    def keep(self, tested: Tested) -> None:
        """Put a result into the folder."""
        if tested.verdict is Verdict.NOT_RUN:
            return
        content = json.dumps({"key": self._key, "tested": asdict(tested)}, indent=1)
        write_file(self._path(tested.name), content + "\n")

    def _path(self, name: str) -> Path:
        safe = "".join(one if one.isalnum() or one in ".-_" else "_" for one in name)
        return self._folder / f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}.json"
