"""`python -m pico_banana.cli`, for where the command is not on the path."""

from __future__ import annotations

import sys

from pico_banana.cli import main

if __name__ == "__main__":
    sys.exit(main())
