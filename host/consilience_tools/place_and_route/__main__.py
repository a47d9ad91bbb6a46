"""``python -m consilience_tools.place_and_route``."""

import sys

from consilience_tools.place_and_route.command import main

sys.exit(main())
