"""`python -m rookery`: the command line, started the cheap way."""

import gc

gc.disable()  # until the application is imported: its objects stay, and are walked for nothing

from rookery.cli import main  # noqa: E402

raise SystemExit(main())
