"""``python -m tests.campaigns.forgeries``: forged audit packages, each refused by verify.py alone.

The exit code is 0 only if every one was refused, by its own words.
"""

import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

from consilience_tools.pages.stamp import ROOT, stamped
from tests.campaigns.forgeries.honest import key_of, write
from tests.campaigns.forgeries.table import FORGERIES
from tests.campaigns.forgeries.verifier import verify
from tests.campaigns.tables import markdown


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaigns.forgeries", description=__doc__
    )
    parser.add_argument("--only", metavar="WORDS", help="those whose name has these words")
    parser.add_argument("--page", action="store_true", help="write docs/forgeries.md, too")
    options = parser.parse_args()
    failed, rows = 0, [("who", "kind", "forgery", "refused as")]
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
            told = re.sub(r"[0-9a-f]{64}", "...", refused.removeprefix("refused: "))
            rows.append((one.who.value, one.kind, one.name, told[:110].replace("|", "/")))
            print("ok  " if good else "FAIL", one, "|", refused[:150] or said[-60:])
            shutil.rmtree(folder)
    if options.page and not failed and not options.only:
        write_page(rows)
    return 1 if failed else 0


def write_page(rows):
    """Write docs/forgeries.md."""
    kinds = len({row[1] for row in rows[1:]})
    text = f"""# Forged audit packages

<!-- Written by `python -m tests.campaigns.forgeries --page`; run it again. -->

{len(rows) - 1} forgeries of {kinds} kinds, planted in a package with a session of every mode,
source and kind ([audit](audit.md)). Each was refused with exit code 8 by `verify.py` alone
(`python -I -S`, empty environment), by its own words: the last column, cut to 110 characters.
Who signs with
the operator's own key has rebuilt hashes, tree, proofs and signatures. What is not here, evidence
that the operator edits and judges anew, an earlier checkpoint alone shows
(`tests/campaigns/forgeries/test_forgeries.py`).

{markdown(rows)}
"""
    path = ROOT / "docs" / "forgeries.md"
    path.write_text(stamped(text, "forgeries.md"), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
