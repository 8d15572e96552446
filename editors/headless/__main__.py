"""`python -P -m editors.headless`: the command `infill`, for whoever cannot rely on its script being on the PATH."""

import sys

from editors.headless.cli import main

sys.exit(main())
