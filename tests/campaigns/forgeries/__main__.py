"""``python -m tests.campaigns.forgeries``: forged audit packages, each refused by verify.py alone.

The exit code is 0 only if every one was refused, by its own words.
"""

import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

from tests.campaigns.forgeries.honest import key_of, write
from tests.campaigns.forgeries.table import FORGERIES
from tests.campaigns.forgeries.verifier import verify


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaigns.forgeries", description=__doc__
    )
    parser.add_argument("--only", metavar="WORDS", help="those whose name has these words")
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="forgeries-") as place:
        honest = Path(place) / "honest"
        write(honest)
        for one in FORGERIES:
            if options.only and options.only not in str(one):
                continue
            folder = Path(place) / "forged"
            shutil.copytree(honest, folder)
            one.forge(folder)
            code, said, refused = verify(folder, "--key", key_of(1).public.hex())
            good = code == 8 and re.search(one.words, refused) is not None
            failed += not good
            print("ok  " if good else "FAIL", one, "|", refused[:150] or said[-60:])
            shutil.rmtree(folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
