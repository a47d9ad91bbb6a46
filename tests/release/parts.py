"""Lists of parts (SBOM, CycloneDX in JSON): of what is installed, and of what the lock names.

They bear the time of the commit and no number of their own: the same parts give the same bytes.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

__all__ = ["parts_of_installation", "parts_of_lock"]


def parts_of_installation(programs: Path, root: Path, epoch: str, file: Path) -> int:
    """List what an environment consists of, with licences and who needs what; return the count."""
    return _written(["environment", str(programs / "python")], root, epoch, file)


def parts_of_lock(root: Path, epoch: str, file: Path) -> int:
    """List what all extras may bring, with the hashes of requirements.lock; return the count."""
    return _written(["requirements", "requirements.lock"], root, epoch, file)


def _written(words: list[str], root: Path, epoch: str, file: Path) -> int:
    command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", words[0]]
    command += ["--output-reproducible", "--pyproject", "pyproject.toml", "--of", "JSON"]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": epoch}
    subprocess.run(
        [*command, "-o", str(file.resolve()), *words[1:]], cwd=root, env=environment, check=True
    )
    found = json.loads(file.read_text(encoding="utf-8"))
    of = found["metadata"]["component"]["name"], found["bomFormat"]
    if of != ("consilience", "CycloneDX") or not found["components"]:
        raise ValueError(f"{file.name} lists no parts of consilience")
    return len(found["components"])
