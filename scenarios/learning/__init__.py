"""Learning a task in a process of its own: what is learned and how, and the worker that does it.

`python -m scenarios.learning RUN` trains the run in the folder RUN; see `scenarios.learning.worker`.
Nothing here imports NumPy: how many threads it uses is decided before.
"""

from __future__ import annotations

import os

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def one_thread() -> None:
    """Have linear algebra use one thread, unless the environment says otherwise.

    The matrices of one tick are small: a second thread costs more than it gives. Only before NumPy is
    imported.
    """
    for name in THREADS:
        os.environ.setdefault(name, "1")
