"""Running a program as somebody whom permissions bind: root ignores them."""

import os
import shutil

__all__ = ["UNPRIVILEGED"]


def _prefix() -> list[str] | None:
    if os.geteuid():
        return []
    setpriv = shutil.which("setpriv")
    return setpriv and [setpriv, "--bounding-set=-all", "--inh-caps=-all"]


UNPRIVILEGED = _prefix()
"""What goes before a program's words, so that what is read-only is so for it; None: no way here.

Root without capabilities owns what it owned, and may write only where the owner may.
"""
