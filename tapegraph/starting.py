"""The start of the program: Ctrl-C during the imports leaves no traceback, and NumPy starts no threads."""

from __future__ import annotations

import os
import signal
import sys

PROGRAMS = ("tapegraph", "tapegraph.exe", "tapegraph-script.py", "-m")  # -m: as long as Python looks for __main__

is_program = os.path.basename(sys.argv[0] if sys.argv else "") in PROGRAMS
if is_program and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the shell says status 130; nothing has been written yet
if is_program:  # whose matrices are small: threads for them mostly wait, at full load, for a tenth of a second a time
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
