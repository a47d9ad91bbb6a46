"""``python -m consilience``: the program."""

import sys

from consilience.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
