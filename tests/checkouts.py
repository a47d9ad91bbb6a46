"""A checkout that a test makes: git with a user of its own."""

import subprocess
from pathlib import Path

__all__ = ["all_committed", "git"]


def git(root: Path, *words: str) -> None:
    """Run git in a folder."""
    name = ["-c", "user.name=n", "-c", "user.email=e@e"]
    subprocess.run(["git", *name, *words], cwd=root, check=True, capture_output=True)


def all_committed(root: Path, subject: str) -> None:
    """Commit all that is there; the first commit makes the repository."""
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", subject)
