"""Learning a task in a process of its own: what is learned and how, and the worker that does it.

`python -m scenarios.learning RUN` trains the run in the folder RUN; see `scenarios.learning.worker`.
Nothing here imports NumPy: how many threads it uses is decided before.
"""

from __future__ import annotations

import os
from contextlib import suppress

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_TRIM, _MMAP = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD in glibc's malloc.h


def one_thread() -> None:
    """Have linear algebra use one thread, unless the environment says otherwise.

    The matrices of one tick are small: a second thread costs more than it gives. Only before NumPy is
    imported.
    """
    for name in THREADS:
        os.environ.setdefault(name, "1")


def keep_memory() -> None:
    """Have the C library keep the memory that is given back, for the next update takes it again.

    glibc returns large blocks to the system at once, and the system clears each page of the next ones:
    a half to a third of an update's time on NumPy (CPU ms an update with and without, H = 64, B = 64,
    T = 50: LSTM 14 and 26, RNN 3.6 and 7.4, Transformer 70 and 110). Elsewhere nothing is changed.
    """
    import ctypes

    with suppress(OSError, AttributeError, TypeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        for option in _TRIM, _MMAP:
            mallopt(option, 1 << 30)
