"""``python -m consilience.place_and_route``."""

import sys

from .command import main

sys.exit(main())
