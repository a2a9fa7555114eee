"""The start and the end of the program: Ctrl-C during the imports leaves no traceback, and both are quick."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys

PROGRAMS = ("tapegraph", "tapegraph.exe", "tapegraph-script.py", "-m")  # -m: as long as Python looks for __main__

started_as = os.path.basename(sys.argv[0] if sys.argv else "")
is_program = started_as in PROGRAMS and (started_as != "-m" or "tapegraph" in sys.orig_argv)
if is_program and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the shell says status 130; nothing has been written yet
if is_program:
    # Matrices are small: threads of NumPy's for them mostly wait, at full load, for a tenth of a second each time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.disable()  # until main(): imports leave nothing to collect, and what they make stays
    atexit.register(gc.freeze)  # the system takes the memory back at once, not object by object
