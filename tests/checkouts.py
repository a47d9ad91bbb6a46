"""A checkout that a test makes: git with a user of its own."""

import subprocess
from pathlib import Path

__all__ = ["all_committed", "checkout_of", "git"]


def git(root: Path, *words: str) -> None:
    """Run git in a folder."""
    name = ["-c", "user.name=n", "-c", "user.email=e@e"]
    subprocess.run(["git", *name, *words], cwd=root, check=True, capture_output=True)


def checkout_of(root: Path, files: dict[str, str], subject: str) -> None:
    """Write files, by their paths below the root, and commit them."""
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    all_committed(root, subject)


def all_committed(root: Path, subject: str) -> None:
    """Commit all that is there; the first commit makes the repository."""
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", subject)
