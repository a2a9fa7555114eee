"""The start of the program: where Ctrl-C ends it during the imports, there is no traceback."""

from __future__ import annotations

import os
import signal
import sys

PROGRAMS = ("tapegraph", "tapegraph.exe", "tapegraph-script.py", "-m")  # -m: as long as Python looks for __main__

is_program = os.path.basename(sys.argv[0] if sys.argv else "") in PROGRAMS
if is_program and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the shell says status 130; nothing has been written yet
