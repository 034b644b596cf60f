"""`python -m onebox`."""

from __future__ import annotations

import sys

from onebox.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
