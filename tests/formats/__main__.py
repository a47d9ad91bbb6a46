"""``python -m tests.formats``: keep a file of each format as it is written today, if none is kept.

A file that is kept is never written again: a format that changed has another version, and another
name in `forms.py` or `folders.py`. The files of a version stay as long as it is promised to be read
(docs/compatibility.md); who takes one away says so in CHANGELOG.md.
"""

import lzma
from pathlib import Path

from tests.formats.folders import FOLDERS
from tests.formats.forms import FORMS

KEPT = Path(__file__).parent / "kept"


def main() -> None:
    """Write what is not there, and name it."""
    KEPT.mkdir(exist_ok=True)
    for name, form in FORMS.items():
        if not (path := KEPT / name).exists():
            path.write_bytes(form.make())
            print(f"new: {path.name}")
    for name, folder in FOLDERS.items():
        if not (path := KEPT / f"{name}.tar.xz").exists():
            path.write_bytes(lzma.compress(folder.make(), preset=9))
            print(f"new: {path.name}")


if __name__ == "__main__":
    main()
